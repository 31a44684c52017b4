package io.sparkappliance.gateway;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The page for people. Its files carry a hash of their content in their names, so that browsers
 * keep them for good; the page that names them is asked for each time.
 */
final class WebPage {
  /** Where the page's files are, in front of their names. */
  static final String ASSETS = "/ui/assets/";

  /** Nothing from elsewhere, no script or style inside the page, and no frame around it. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

  /** A name as it is in the sources of the page, and what the file is. */
  private record Source(String name, String type) {}

  /** A file as it is answered. */
  private static final class Asset {
    private final String type;
    private final byte[] content;
    private final boolean named;

    /** A file whose name tells its content, or one whose name does not. */
    Asset(String type, byte[] content, boolean named) {
      this.type = type;
      this.content = content;
      this.named = named;
    }
  }

  private static final List<Source> SOURCES =
      List.of(
          new Source("app.js", "text/javascript;charset=utf-8"),
          new Source("styles.css", "text/css;charset=utf-8"),
          new Source("icon.svg", "image/svg+xml"),
          new Source("licences.txt", Answers.TEXT));

  private final Map<String, Asset> assets;
  private final String page;

  private WebPage(Map<String, Asset> assets, String page) {
    this.assets = assets;
    this.page = page;
  }

  /** Reads the page as the build made it. */
  static WebPage load() {
    Map<String, Asset> assets = new HashMap<>();
    String page = new String(read("index.html"), StandardCharsets.UTF_8);
    for (Source source : SOURCES) {
      byte[] content = read(source.name());
      String hashed = withHash(source.name(), content);
      assets.put(hashed, new Asset(source.type(), content, true));
      // What scripts link to doesn't know the hash.
      assets.put(source.name(), new Asset(source.type(), content, false));
      page = page.replace(ASSETS + source.name(), ASSETS + hashed);
    }
    return new WebPage(Map.copyOf(assets), page);
  }

  /** Answers with the page. */
  void page(Context context) {
    context.header("Content-Security-Policy", POLICY);
    context.contentType("text/html;charset=utf-8").result(page);
  }

  /** Answers with one of the page's files; 404 for any other name. */
  void asset(Context context) {
    Asset asset = assets.get(context.pathParam("file"));
    if (asset == null) {
      Answers.error(context, 404, "The page has no such file.");
      return;
    }
    if (asset.named) {
      context.header("Cache-Control", "public, max-age=31536000, immutable");
    }
    context.contentType(asset.type).result(asset.content);
  }

  private static byte[] read(String name) {
    try (InputStream in = WebPage.class.getResourceAsStream("web/" + name)) {
      if (in == null) {
        throw new IllegalStateException("The file " + name + " of the page is missing: build it");
      }
      return in.readAllBytes();
    } catch (IOException unreadable) {
      throw new IllegalStateException(unreadable);
    }
  }

  private static String withHash(String name, byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      int dot = name.lastIndexOf('.');
      return name.substring(0, dot)
          + "-"
          + HexFormat.of().formatHex(digest, 0, 8)
          + name.substring(dot);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
