package io.sparkappliance.aws;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * An element of an answer.
 *
 * @param element as the JDK parsed it
 */
public record Xml(Element element) {
  static Xml parse(String text) throws IOException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      var builder = factory.newDocumentBuilder();
      // It would print to standard error.
      builder.setErrorHandler(null);
      return new Xml(builder.parse(new InputSource(new StringReader(text))).getDocumentElement());
    } catch (ParserConfigurationException | SAXException broken) {
      throw new IOException("the answer is no XML", broken);
    }
  }

  /**
   * What is below.
   *
   * @param path names of elements, one below the other, with slashes; each may be there many times
   */
  public List<Xml> all(String path) {
    List<Xml> found = List.of(this);
    for (String name : path.split("/")) {
      found = found.stream().flatMap(parent -> parent.children(name)).toList();
    }
    return found;
  }

  /** The first of these, its text; empty where there is none, or an empty one. */
  public Optional<String> text(String path) {
    return all(path).stream()
        .map(found -> found.element().getTextContent().strip())
        .filter(text -> !text.isEmpty())
        .findFirst();
  }

  private Stream<Xml> children(String name) {
    NodeList nodes = element.getChildNodes();
    return IntStream.range(0, nodes.getLength())
        .mapToObj(nodes::item)
        .filter(node -> node.getNodeType() == Node.ELEMENT_NODE && node.getNodeName().equals(name))
        .map(node -> new Xml((Element) node));
  }
}
