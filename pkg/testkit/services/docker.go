package services

import (
	"context"
	"errors"
	"fmt"
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

// dockerAnswers returns nil when a Docker engine answers within two seconds. A
// missing one shows at once, a hanging one must not hold up the tests.
func dockerAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return fmt.Errorf("no Docker: %w", err)
	}
	defer provider.Close()
	if err := provider.Health(ctx); err != nil {
		return fmt.Errorf("no Docker: %w", err)
	}
	return nil
}
