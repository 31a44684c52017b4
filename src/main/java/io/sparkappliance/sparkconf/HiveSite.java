package io.sparkappliance.sparkconf;

import io.sparkappliance.settings.Problems;
import java.io.IOException;
import java.io.StringReader;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/**
 * The properties of a {@code hive-site.xml}.
 *
 * @param properties by name
 */
record HiveSite(SortedMap<String, String> properties) {
  /** A file that isn't there. */
  static final HiveSite EMPTY = new HiveSite(new TreeMap<>());

  /** Takes a copy that can't be changed. */
  HiveSite {
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
  }

  /** These properties, replaced by those of the stronger file where it has them. */
  HiveSite overriddenBy(HiveSite stronger) {
    SortedMap<String, String> merged = new TreeMap<>(properties);
    merged.putAll(stronger.properties);
    return new HiveSite(merged);
  }

  /**
   * Reads the text of a file. Document type declarations, entities and inclusions are refused: they
   * can read other files of this machine.
   *
   * @param text the file's content
   * @param name what the user calls the file, for messages
   * @param problems gets what can't be read
   */
  static HiveSite parse(String text, String name, Problems problems) {
    Element root;
    try {
      root = builder().parse(new InputSource(new StringReader(text))).getDocumentElement();
    } catch (SAXException | IOException e) {
      problems.add(
          name,
          "",
          "it is no XML that can be used: " + e.getMessage(),
          "Write <configuration><property><name>…</name><value>…</value></property></configuration>,"
              + " without a DOCTYPE.");
      return EMPTY;
    }
    if (!root.getTagName().equals("configuration")) {
      problems.add(
          name,
          "<" + root.getTagName() + ">",
          "the root element of a Hive configuration is <configuration>",
          "Check that this is the hive-site.xml, not an error page or another file.");
      return EMPTY;
    }
    SortedMap<String, String> properties = new TreeMap<>();
    for (Node node = root.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element) {
        readProperty(element, name, properties, problems);
      }
    }
    return new HiveSite(properties);
  }

  private static void readProperty(
      Element element, String file, SortedMap<String, String> into, Problems problems) {
    String key = childText(element, "name").strip();
    if (!element.getTagName().equals("property") || key.isEmpty()) {
      problems.add(
          file,
          "<" + element.getTagName() + ">",
          "only <property> with a <name> and a <value> is understood",
          "Write what the element stands for into this file.");
      return;
    }
    into.put(key, childText(element, "value"));
  }

  private static String childText(Element parent, String tag) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element child && child.getTagName().equals(tag)) {
        return child.getTextContent();
      }
    }
    return "";
  }

  private static DocumentBuilder builder() {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
      factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
      factory.setXIncludeAware(false);
      factory.setExpandEntityReferences(false);
      DocumentBuilder builder = factory.newDocumentBuilder();
      builder.setErrorHandler(new Strict());
      return builder;
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("the JDK's XML parser knows these features", e);
    }
  }

  /** Every error is an exception; the default handler prints to standard error. */
  private static final class Strict implements ErrorHandler {
    @Override
    public void warning(SAXParseException e) {}

    @Override
    public void error(SAXParseException e) throws SAXException {
      throw e;
    }

    @Override
    public void fatalError(SAXParseException e) throws SAXException {
      throw e;
    }
  }

  /** The file as Hive and Hadoop read it. */
  String render() {
    StringBuilder out = new StringBuilder();
    out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .append("<!-- Written by spark-appliance at each start: changes here are lost. -->\n")
        .append("<configuration>\n");
    properties.forEach(
        (name, value) ->
            out.append("  <property>\n    <name>")
                .append(escape(name))
                .append("</name>\n    <value>")
                .append(escape(value))
                .append("</value>\n  </property>\n"));
    return out.append("</configuration>\n").toString();
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        // A literal carriage return would be read back as a line feed.
        .replace("\r", "&#13;");
  }
}
