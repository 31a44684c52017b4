package io.sparkappliance;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.sparkappliance.aws.AwsApi;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Holds the arrows between the packages: who may use whom. */
class ArchitectureTest {
  private static final String ROOT = "io.sparkappliance.";

  private static final JavaClasses PRODUCT =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.sparkappliance");

  @ParameterizedTest(name = "{0} uses only {1}")
  @CsvSource(
      nullValues = "nothing",
      value = {
        "settings, nothing",
        "aws, settings",
        "storage, settings aws",
        "auth, settings",
        "cluster, settings auth aws",
        "sparkconf, settings storage aws",
        "daemon, settings sparkconf cluster",
        "supervise, settings daemon cluster",
        "jobs, settings storage cluster",
        "gateway, settings jobs cluster auth",
        "spark, auth aws",
      })
  void a_package_uses_only_what_its_arrow_allows(String user, String used) {
    DescribedPredicate<JavaClass> allowed = resideInAPackage(ROOT + user + "..");
    for (String name : used == null ? new String[0] : used.split(" ")) {
      allowed = allowed.or(resideInAPackage(ROOT + name + ".."));
    }
    DescribedPredicate<JavaClass> foreign =
        DescribedPredicate.not(resideInAPackage("io.sparkappliance.."));
    classes()
        .that()
        .resideInAPackage(ROOT + user + "..")
        .should()
        .onlyDependOnClassesThat(foreign.or(allowed))
        .check(PRODUCT);
  }

  @Test
  void packages_have_no_cycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(PRODUCT);
  }

  @Test
  void nothing_waits_by_sleeping() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(PRODUCT);
    noClasses().should().callMethod(Thread.class, "sleep", Duration.class).check(PRODUCT);
    noClasses().should().callMethod(TimeUnit.class, "sleep", long.class).check(PRODUCT);
  }

  /** One of each region for all: they hold connections, and say what AWS does not answer. */
  @Test
  void ways_to_aws_are_made_in_one_place() {
    noClasses()
        .that()
        .doNotHaveSimpleName("Surroundings")
        .should()
        .callConstructor(AwsApi.class, String.class, Map.class, Consumer.class)
        .check(PRODUCT);
  }

  /** A thread that parks may be woken for no reason. */
  @Test
  void what_asks_aws_again_pauses_in_one_way() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "aws..", ROOT + "storage..", ROOT + "cluster..")
        .or()
        .haveSimpleName("InstanceRole")
        .should()
        .callMethod(LockSupport.class, "parkNanos", long.class)
        .check(PRODUCT);
  }

  @Test
  void every_package_has_its_arrow() {
    var known =
        Arrays.asList(
            "settings aws storage auth cluster sparkconf daemon supervise jobs gateway spark"
                .split(" "));
    classes()
        .should(
            com.tngtech.archunit.lang.conditions.ArchConditions.resideInAnyPackage(
                java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("io.sparkappliance"),
                        known.stream().map(name -> ROOT + name + ".."))
                    .toArray(String[]::new)))
        .check(PRODUCT);
  }
}
