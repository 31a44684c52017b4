package io.sparkappliance.storage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/** What is asked of S3 about the objects of one bucket. */
final class S3ObjectCalls implements AutoCloseable {
  private static final S3Failures FAILURES =
      new S3Failures(
          "Check the role: s3:GetObject, s3:PutObject and s3:DeleteObject below the folder are"
              + " needed, and s3:ListBucket with its prefix (and the key of an encrypted bucket).",
          "It is tried again.",
          Optional::empty);

  /** A hiccup of S3 is nothing that anybody has to hear of. */
  private static final int ATTEMPTS = 3;

  /** What S3 takes in one call. */
  private static final int DELETED_AT_ONCE = 1000;

  private final S3Clients clients;
  private final Duration attempt;
  private final String bucket;
  private Optional<S3Client> calls = Optional.empty();

  /** Of its own: who reads slowly holds a connection, and must keep nobody from anything else. */
  private Optional<S3Client> reading = Optional.empty();

  private boolean closed;

  S3ObjectCalls(Map<String, String> environment, Duration attempt, String bucket) {
    this.clients = new S3Clients(environment);
    this.attempt = attempt;
    this.bucket = bucket;
  }

  void put(String key, Path file, long offset, long length) throws FetchFailure, IOException {
    // The SDK reads in its own time, and takes what goes wrong then for a failure of S3.
    new FilePart(file, offset, length).close();
    put(
        key,
        RequestBody.fromContentProvider(
            () -> {
              try {
                return new FilePart(file, offset, length);
              } catch (IOException gone) {
                throw new UncheckedIOException(gone);
              }
            },
            length,
            "application/octet-stream"));
  }

  void put(String key, byte[] content) throws FetchFailure {
    put(key, RequestBody.fromBytes(content));
  }

  private void put(String key, RequestBody body) throws FetchFailure {
    try {
      calls()
          .putObject(
              request ->
                  request
                      .bucket(bucket)
                      .key(key)
                      // S3 refuses what did not arrive as it was sent.
                      .checksumAlgorithm(ChecksumAlgorithm.CRC32),
              body);
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  List<S3Objects.Entry> list(String prefix) throws FetchFailure {
    try {
      return calls()
          .listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix))
          .contents()
          .stream()
          .map(object -> new S3Objects.Entry(object.key(), object.size()))
          .toList();
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  InputStream read(String key, long offset, long length) throws FetchFailure {
    return read(reading(), key, offset, length);
  }

  InputStream readAtOnce(String key, long offset, long length) throws FetchFailure {
    return read(calls(), key, offset, length);
  }

  private InputStream read(S3Client client, String key, long offset, long length)
      throws FetchFailure {
    String range = "bytes=" + offset + "-" + (offset + length - 1);
    try {
      return new S3Reading(
          client.getObject(request -> request.bucket(bucket).key(key).range(range)), length);
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  Optional<byte[]> find(String key) throws FetchFailure {
    try {
      return Optional.of(
          calls().getObjectAsBytes(request -> request.bucket(bucket).key(key)).asByteArrayUnsafe());
    } catch (NoSuchKeyException none) {
      return Optional.empty();
    } catch (RuntimeException e) {
      throw failure(e);
    }
  }

  void delete(List<String> keys) throws FetchFailure {
    for (int from = 0; from < keys.size(); from += DELETED_AT_ONCE) {
      List<ObjectIdentifier> some =
          keys.subList(from, Math.min(keys.size(), from + DELETED_AT_ONCE)).stream()
              .map(key -> ObjectIdentifier.builder().key(key).build())
              .toList();
      try {
        check(
            calls()
                .deleteObjects(
                    request ->
                        request.bucket(bucket).delete(what -> what.objects(some).quiet(true))));
      } catch (RuntimeException e) {
        throw failure(e);
      }
    }
  }

  /** S3 answers 200 although it has refused some. */
  private static void check(DeleteObjectsResponse answer) throws FetchFailure {
    if (answer.hasErrors() && !answer.errors().isEmpty()) {
      S3Error first = answer.errors().getFirst();
      boolean refused = "AccessDenied".equals(first.code());
      throw new FetchFailure(
          "S3 does not remove " + answer.errors().size() + " objects (" + first.code() + ")",
          refused ? FAILURES.access() : FAILURES.later(),
          !refused,
          null);
    }
  }

  /** Of what is closed while it calls, the SDK tells in many ways. */
  private FetchFailure failure(RuntimeException e) {
    if (isClosed()) {
      return closed(e);
    }
    return switch (e) {
      case SdkException failure -> FAILURES.of(bucket, failure);
      case UncheckedIOException gone ->
          new FetchFailure(
              "a file can't be read (" + gone.getCause() + ")", FAILURES.later(), true, gone);
      // The SDK's own faults come and go like those of the network.
      default -> new FetchFailure("the call to S3 failed (" + e + ")", FAILURES.later(), true, e);
    };
  }

  private static FetchFailure closed(RuntimeException cause) {
    return new FetchFailure(
        "the connections to S3 are closed", "The appliance stops.", true, cause);
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized S3Client calls() throws FetchFailure {
    if (closed) {
      throw closed(null);
    }
    if (calls.isEmpty()) {
      calls = Optional.of(clients.create(attempt, ATTEMPTS));
    }
    return calls.get();
  }

  private synchronized S3Client reading() throws FetchFailure {
    if (closed) {
      throw closed(null);
    }
    if (reading.isEmpty()) {
      reading = Optional.of(clients.create(attempt, ATTEMPTS));
    }
    return reading.get();
  }

  @Override
  public synchronized void close() {
    closed = true;
    List<S3Client> open = new ArrayList<>();
    calls.ifPresent(open::add);
    reading.ifPresent(open::add);
    open.forEach(S3Client::close);
  }
}
