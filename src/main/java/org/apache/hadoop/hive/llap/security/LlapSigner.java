package org.apache.hadoop.hive.llap.security;

/**
 * In place of the interface of hive-llap-common, which Spark does not bring any more (its
 * signatures can be guessed, CVE-2024-23953) and which a function of Hive names in a constructor.
 * Without it Hive's registry of functions can't be initialised; that ends a thread which closes a
 * session, and every later one that needs the registry waits for it for ever (SPARK-51041 has the
 * same in Spark's tests). Whoever adds the real jar has the real one: this comes last on the class
 * path.
 */
public interface LlapSigner {
  /** What could be signed: nothing here can. */
  interface Signable {}
}
