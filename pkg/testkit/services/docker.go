package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/kafka"
	"github.com/testcontainers/testcontainers-go/modules/redis"
)

// The images of the containers: the Kafka image is the one that the testcontainers
// module knows how to configure, with Kafka 4.1 inside.
const (
	kafkaImage = "confluentinc/confluent-local:8.1.0"
	redisImage = "redis:7"
)

func dockerKafka(ctx context.Context) (*Service, error) {
	if err := dockerAnswers(ctx); err != nil {
		return nil, err
	}
	c, err := kafka.Run(ctx, kafkaImage)
	if err != nil {
		return container(c, nil, err)
	}
	brokers, err := c.Brokers(ctx)
	return container(c, brokers, err)
}

func dockerRedis(ctx context.Context) (*Service, error) {
	if err := dockerAnswers(ctx); err != nil {
		return nil, err
	}
	c, err := redis.Run(ctx, redisImage)
	if err != nil {
		return container(c, nil, err)
	}
	url, err := c.ConnectionString(ctx)
	return container(c, []string{url}, err)
}

// container makes a service of a container, or ends what there is of it when err
// says that it cannot be used.
func container(c testcontainers.Container, addrs []string, err error) (*Service, error) {
	end := func() error { return testcontainers.TerminateContainer(c) }
	if err != nil {
		return nil, errors.Join(fmt.Errorf("run a container: %w", err), end())
	}
	return &Service{Addrs: addrs, close: end}, nil
}

// dockerAnswers returns nil when a Docker engine answers within two seconds, with
// whatever. testcontainers would wait for a hanging one for ever.
func dockerAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var silent []string
	for _, host := range dockerHosts() {
		err := pingDocker(ctx, host)
		if err == nil {
			return nil
		}
		silent = append(silent, err.Error())
	}
	return fmt.Errorf("no engine answers: %s", strings.Join(silent, ", "))
}

// dockerHosts returns where an engine may listen: DOCKER_HOST, or else the sockets of
// the system's Docker and of the user's own.
func dockerHosts() []string {
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		return []string{host}
	}
	home, runtime := os.Getenv("HOME"), os.Getenv("XDG_RUNTIME_DIR")
	return []string{
		"unix:///var/run/docker.sock",
		"unix://" + filepath.Join("/", runtime, "docker.sock"),
		"unix://" + filepath.Join(home, ".docker/run/docker.sock"),
		"unix://" + filepath.Join(home, ".docker/desktop/docker.sock"),
	}
}

func pingDocker(ctx context.Context, host string) error {
	network, address, _ := strings.Cut(host, "://")
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
