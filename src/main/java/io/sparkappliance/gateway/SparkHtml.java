package io.sparkappliance.gateway;

import io.sparkappliance.gateway.PagePasses.Pass;
import io.sparkappliance.gateway.SparkPage.Kind;
import io.sparkappliance.settings.UserRole;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Addresses in what Spark answers, made those of the gateway. Spark puts the context that callers
 * name in front of most of them; in front of some it puts nothing, or {@code /proxy/ID}.
 */
final class SparkHtml {
  /** What Spark is told to be below. The pass itself stays unknown to it. */
  static final String CONTEXT = "/ui/spark-pages";

  /** Of a page, in characters: addresses become longer when they are rewritten. */
  private static final int LARGEST = 8 << 20;

  private static final Pattern PROXIED =
      Pattern.compile("(?<![A-Za-z0-9._/-])/proxy/([A-Za-z0-9._:\\[\\]-]{1,200})");

  /** From the root of a server, but neither of another server nor one of the gateway's. */
  private static final Pattern FROM_ROOT =
      Pattern.compile("\\b(href|src|action)=([\"'])/(?!/|proxy/|ui/(?:pages|proxy)/)");

  /** Workers link to their master as it calls itself. */
  private static final Pattern BARE_SERVER = Pattern.compile("\\bhref=\"https?://[^\"/]+/?\"");

  private static final Pattern HEAD = Pattern.compile("<head>");

  /**
   * Pages remember what is folded in storage that they don't have here; this lasts for the page.
   */
  private static final String STORAGE =
      "<head><script>try{window.localStorage}catch(e){(function(){var"
          + " m={},s={length:0,getItem:function(k){return k in"
          + " m?m[k]:null},setItem:function(k,v){m[k]=String(v)},removeItem:function(k){delete"
          + " m[k]},clear:function(){m={}},key:function(){return null}};"
          + "['localStorage','sessionStorage'].forEach(function(n){"
          + "Object.defineProperty(window,n,{value:s,configurable:true})})})()}</script>";

  private final Pass pass;
  private final Function<String, Optional<SparkPage>> known;
  private final Function<SparkPage, Pass> passes;

  /**
   * For pages that are opened with a pass.
   *
   * @param known the worker or application with an id
   * @param passes gives whoever has this pass another one
   */
  SparkHtml(
      Pass pass, Function<String, Optional<SparkPage>> known, Function<SparkPage, Pass> passes) {
    this.pass = pass;
    this.known = known;
    this.passes = passes;
  }

  /** A page is made of so many addresses that it would take too much memory. */
  static final class TooLargeException extends Exception {
    private static final long serialVersionUID = 1;

    TooLargeException() {
      super("too many addresses");
    }
  }

  /**
   * A page with its addresses rewritten.
   *
   * @throws TooLargeException when it becomes too large by that
   */
  String page(String html) throws TooLargeException {
    if (html.split(CONTEXT, -1).length > LARGEST / pass.base().length()) {
      throw new TooLargeException();
    }
    String placed = html.replace(CONTEXT, pass.base());
    Matcher proxied = PROXIED.matcher(placed);
    String linked =
        replaced(proxied, found -> base(found.group(1)).orElse("") + "/proxy/" + found.group(1));
    String rooted =
        replaced(
            FROM_ROOT.matcher(linked),
            found -> found.group(1) + "=" + found.group(2) + pass.base() + "/");
    if (pass.page().kind() == Kind.WORKER) {
      rooted = BARE_SERVER.matcher(rooted).replaceAll("href=\"" + SparkPage.MASTER.entry() + "\"");
    }
    return HEAD.matcher(rooted).replaceFirst(Matcher.quoteReplacement(STORAGE));
  }

  private static String replaced(Matcher matcher, Function<MatchResult, String> by)
      throws TooLargeException {
    StringBuilder text = new StringBuilder();
    while (matcher.find()) {
      matcher.appendReplacement(text, Matcher.quoteReplacement(by.apply(matcher)));
      if (text.length() > LARGEST) {
        throw new TooLargeException();
      }
    }
    return matcher.appendTail(text).toString();
  }

  /**
   * Where another process's pages are. Only what Spark itself wrote is given passes for others: a
   * program could read them.
   */
  private Optional<String> base(String id) {
    if (pass.page().name().filter(id::equals).isPresent()) {
      return Optional.of(pass.base());
    }
    boolean mayLink = pass.page().isSparksOwn() && pass.holder().role().covers(UserRole.ADMIN);
    return mayLink ? known.apply(id).map(page -> passes.apply(page).base()) : Optional.empty();
  }

  /**
   * A place that Spark sends to.
   *
   * @param path from its root on, with its query
   */
  String location(String path) {
    return pass.base() + (path.startsWith(CONTEXT) ? path.substring(CONTEXT.length()) : path);
  }
}
