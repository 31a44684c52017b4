package io.sparkappliance.storage;

import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** An object as it arrives. Who closes it early does not wait for the rest. */
final class S3Reading extends InputStream {
  private final ResponseInputStream<GetObjectResponse> object;
  private long left;

  S3Reading(ResponseInputStream<GetObjectResponse> object, long length) {
    this.object = object;
    this.left = length;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      int count = object.read(buffer, offset, length);
      left = count < 0 ? 0 : left - count;
      return count;
    } catch (SdkException broken) {
      throw new IOException(S3Failures.firstLine(broken), broken);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      // Only what was read to its end leaves a connection that can be used again.
      if (left <= 0) {
        object.close();
      } else {
        object.abort();
      }
    } catch (SdkException broken) {
      throw new IOException(S3Failures.firstLine(broken), broken);
    }
  }
}
