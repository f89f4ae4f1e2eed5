package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// KafkaVersion is the Kafka that tests run on. docker-compose.yml names the same.
const KafkaVersion = "4.1.1"

// pom asks for the server and what it needs at run time. The server logs through
// slf4j, and its own artifact brings no binding.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>leadrouter</groupId>
  <artifactId>test-kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>` + KafkaVersion + `</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.3</version>
    </dependency>
  </dependencies>
</project>
`

// kafkaJars returns the directory with the server's class path (43 MB), which Maven
// fills on first use. It lies in the user's cache directory.
func kafkaJars(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory: %w", err)
	}
	cache = filepath.Join(cache, "leadrouter")
	jars := filepath.Join(cache, "kafka-"+KafkaVersion)
	if isDir(jars) {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("fetch Kafka: %w: %w", ErrUnavailable, err)
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", fmt.Errorf("fetch Kafka: %w", err)
	}
	return jars, fetchKafka(ctx, mvn, cache, jars)
}

// fetchKafka fills a directory beside jars and renames it, so that jars is never
// half full and test processes may fetch at the same time.
func fetchKafka(ctx context.Context, mvn, cache, jars string) (err error) {
	tmp, err := os.MkdirTemp(cache, "fetch-*")
	if err != nil {
		return fmt.Errorf("fetch Kafka: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	file := filepath.Join(tmp, "pom.xml")
	if err := os.WriteFile(file, []byte(pom), 0o600); err != nil {
		return fmt.Errorf("fetch Kafka: %w", err)
	}
	cmd := exec.CommandContext(ctx, mvn, "--batch-mode", "--quiet", "--file", file,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory=jars")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch Kafka with Maven: %w: %w: %s", ErrUnavailable, err, out)
	}
	if err := os.Rename(filepath.Join(tmp, "jars"), jars); err != nil && !isDir(jars) {
		return fmt.Errorf("fetch Kafka: %w", err)
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
