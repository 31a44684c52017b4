package io.sparkappliance.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.regions.Region;

/**
 * Signed requests to AWS, by its query and its JSON protocol, with the SDK's own signer and
 * transport: the handful of calls a node makes doesn't need the megabytes of clients that the SDK
 * has for them. What is throttled is asked again, later and later, at a random time.
 */
public final class AwsApi implements AutoCloseable {
  /** With half a minute of pauses in all, besides the time that answers take. */
  static final int ATTEMPTS = 7;

  /**
   * Credentials that have not spread everywhere yet, or have just been renewed, in the words of the
   * query protocol, of EC2 and of the JSON protocol; and a clock that is not set yet. After all
   * attempts nobody can tell them from a mistyped key.
   */
  private static final String NOT_YET =
      "ExpiredToken.*|RequestExpired|InvalidClientTokenId|AuthFailure|UnrecognizedClientException"
          + "|InvalidSignatureException|SignatureDoesNotMatch|RequestTimeTooSkewed";

  private static final Duration FIRST_PAUSE = Duration.ofMillis(400);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** All attempts together take a minute and a half at worst: people want to know before. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  private static final int LONGEST_ANSWER = 32 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Region region;
  private final Map<String, String> environment;
  private final AwsCredentialsProvider credentials;
  private final Consumer<String> say;
  private final Predicate<Duration> pauses;
  private final LongSupplier nanos;

  /** What people know of that has not been answered since. */
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();
  private final SdkHttpClient http =
      ApacheHttpClient.builder().connectionTimeout(PATIENCE).socketTimeout(PATIENCE).build();

  /**
   * Asks nothing yet.
   *
   * @param region such as {@code eu-central-1}
   * @param environment {@code AWS_ENDPOINT_URL…} and keys, where somebody gave some
   * @param say is told what AWS has not answered for ten seconds, each action once until it does
   */
  public AwsApi(String region, Map<String, String> environment, Consumer<String> say) {
    this(region, environment, say, Pauses::pause, System::nanoTime);
  }

  AwsApi(
      String region,
      Map<String, String> environment,
      Consumer<String> say,
      Predicate<Duration> pauses,
      LongSupplier nanos) {
    this.region = Region.of(region);
    this.environment = Map.copyOf(environment);
    this.credentials = RoleCredentials.of(environment);
    this.say = say;
    this.pauses = pauses;
    this.nanos = nanos;
  }

  /**
   * A call by the query protocol.
   *
   * @param action such as {@code DescribeInstances}
   * @param parameters by their names in the protocol, such as {@code Filter.1.Name}
   * @return the answer's outermost element
   * @throws AwsException when there is none, after all attempts or when interrupted; names the
   *     action
   * @see <a
   *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/making-api-requests.html">Query
   *     requests</a>
   */
  public Xml query(AwsService service, String action, Map<String, String> parameters)
      throws AwsException {
    String body =
        "Action="
            + action
            + "&Version="
            + service.version()
            + parameters.entrySet().stream()
                .map(
                    parameter ->
                        "&" + encoded(parameter.getKey()) + "=" + encoded(parameter.getValue()))
                .collect(Collectors.joining());
    Request request =
        new Request(
            service, action, body, Map.of("Content-Type", "application/x-www-form-urlencoded"));
    return patiently(request, answer -> Xml.parse(answer));
  }

  /**
   * A call by the JSON protocol.
   *
   * @param action such as {@code GetSecretValue}
   * @param parameters by their names in the protocol
   * @throws AwsException when there is no answer, after all attempts; names the action
   */
  public JsonNode json(AwsService service, String action, Map<String, Object> parameters)
      throws AwsException {
    Request request =
        new Request(
            service,
            action,
            JSON.valueToTree(parameters).toString(),
            Map.of(
                "Content-Type",
                "application/x-amz-json-1.1",
                "X-Amz-Target",
                service.version() + "." + action));
    return patiently(request, JSON::readTree);
  }

  /** Frees connections. */
  @Override
  public void close() {
    http.close();
  }

  private record Request(
      AwsService service, String action, String body, Map<String, String> headers) {
    String permission() {
      return service.permission(action);
    }
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read(String answer) throws IOException;
  }

  private <T> T patiently(Request request, Reading<T> reading) throws AwsException {
    long begin = nanos.getAsLong();
    Duration longest = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      AwsException failure;
      try {
        T answer = reading.read(ask(request));
        told.remove(request.permission());
        return answer;
      } catch (AwsException refused) {
        failure = refused;
      } catch (IOException unanswered) {
        failure = unavailable(request, unanswered);
      } catch (SdkException noCredentials) {
        // The metadata service takes a limited number of calls a second.
        failure = withoutCredentials(request, noCredentials);
      }
      if (!mayCome(failure)) {
        told.remove(request.permission());
        throw failure;
      }
      if (attempt == ATTEMPTS) {
        throw failure;
      }
      Duration sofar = Duration.ofNanos(nanos.getAsLong() - begin);
      if (sofar.compareTo(QUIET) >= 0 && told.add(request.permission())) {
        say.accept(
            "AWS is asked again and again, for %d seconds by now: %s"
                .formatted(sofar.toSeconds(), failure.getMessage()));
      }
      if (!pauses.test(atRandom(longest))) {
        throw failure;
      }
      Duration next = longest.multipliedBy(2);
      longest = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
    }
  }

  /** Later; credentials that aren't there, or aren't known everywhere yet, too. */
  private static boolean mayCome(AwsException failure) {
    return failure.isTemporary() || !failure.isAnswer() || failure.isOfCredentials();
  }

  /** Between half of it and all: nodes that began together shall not go on together. */
  private static Duration atRandom(Duration longest) {
    long half = longest.toMillis() / 2;
    return Duration.ofMillis(half + ThreadLocalRandom.current().nextLong(half + 1));
  }

  private String ask(Request request) throws AwsException, IOException {
    SignedRequest signed = sign(request);
    HttpExecuteRequest execution =
        HttpExecuteRequest.builder()
            .request(signed.request())
            .contentStreamProvider(signed.payload().orElseThrow())
            .build();
    HttpExecuteResponse response = http.prepareRequest(execution).call();
    String text = "";
    if (response.responseBody().isPresent()) {
      try (InputStream body = response.responseBody().get()) {
        text = new String(body.readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8);
      }
    }
    if (!response.httpResponse().isSuccessful()) {
      throw refused(request, response.httpResponse().statusCode(), text);
    }
    return text;
  }

  private SignedRequest sign(Request request) {
    URI endpoint = endpoint(request.service());
    SdkHttpRequest.Builder plain =
        SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(endpoint).encodedPath("/");
    request.headers().forEach(plain::putHeader);
    return signer.sign(
        signing ->
            signing
                .identity(credentials.resolveCredentials())
                .request(plain.build())
                .payload(ContentStreamProvider.fromUtf8String(request.body()))
                .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, request.service().signingName())
                .putProperty(AwsV4HttpSigner.REGION_NAME, region.id()));
  }

  private URI endpoint(AwsService service) {
    return CustomEndpoint.of(environment, service.endpointVariable())
        .orElseGet(() -> URI.create(service.endpoint(region)));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private AwsException unavailable(Request request, IOException cause) {
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new AwsException(
        AwsException.Kind.UNAVAILABLE,
        "%s can't be asked at %s (%s)"
            .formatted(request.permission(), endpoint(request.service()), reason),
        cause);
  }

  private static AwsException withoutCredentials(Request request, SdkException cause) {
    return new AwsException(
        AwsException.Kind.DENIED,
        "no AWS credentials for %s: neither the container nor the instance has a role"
            .formatted(request.permission()),
        cause);
  }

  private static AwsException refused(Request request, int status, String text) {
    Refusal refusal = Refusal.read(status, text);
    if (refusal.code().matches(NOT_YET)) {
      return AwsException.credentials(
          "AWS does not take this node's credentials for %s (%s)"
              .formatted(request.permission(), refusal));
    }
    AwsException.Kind kind = refusal.kind();
    String what =
        kind == AwsException.Kind.DENIED
            ? "the role of this node may not call " + request.permission()
            : request.permission() + " failed";
    return new AwsException(kind, what + " (" + refusal + ")", null);
  }

  /**
   * An error as AWS gives it.
   *
   * @param status of HTTP
   * @param code such as {@code Throttling}
   * @param message in words, may be empty
   */
  private record Refusal(int status, String code, String message) {
    static Refusal read(int status, String text) {
      try {
        if (text.stripLeading().startsWith("{")) {
          JsonNode json = JSON.readTree(text);
          return new Refusal(
              status,
              json.path("__type").asText("").replaceFirst(".*#", ""),
              json.path("message").asText(json.path("Message").asText("")));
        }
        Xml xml = Xml.parse(text);
        // One form of EC2, one of all others.
        Optional<Xml> error =
            xml.all("Errors/Error").stream().findFirst().or(() -> first(xml, "Error"));
        return new Refusal(
            status,
            error.flatMap(it -> it.text("Code")).orElse(""),
            error.flatMap(it -> it.text("Message")).orElse(""));
      } catch (IOException noneOfBoth) {
        return new Refusal(status, "", "");
      }
    }

    private static Optional<Xml> first(Xml xml, String path) {
      return xml.all(path).stream().findFirst();
    }

    AwsException.Kind kind() {
      if (code.matches(".*(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown).*")
          || status == 429) {
        return AwsException.Kind.THROTTLED;
      }
      if (status >= 500) {
        return AwsException.Kind.UNAVAILABLE;
      }
      if (code.matches("AccessDenied.*|UnauthorizedOperation|.*NotAuthorized.*")
          || (status == 403 && code.isEmpty())) {
        return AwsException.Kind.DENIED;
      }
      boolean missing =
          code.matches(".*NotFound.*") || message.matches("(?s).*(does not exist|not found).*");
      return missing ? AwsException.Kind.MISSING : AwsException.Kind.REFUSED;
    }

    @Override
    public String toString() {
      String words = code.isEmpty() ? Integer.toString(status) : status + " " + code;
      return message.isEmpty() ? words : words + ": " + message;
    }
  }
}
