package services

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
)

// clusterSize is the smallest number of masters that Redis Cluster is meant for.
const clusterSize = 3

func localKafka(ctx context.Context) (*Service, error) {
	p, err := StartKafka(ctx, KafkaConfig{})
	if err != nil {
		return nil, err
	}
	return &Service{Addrs: []string{p.Addr()}, close: p.Close}, nil
}

func localRedis(ctx context.Context) (*Service, error) {
	p, err := StartRedis(ctx, RedisConfig{})
	if err != nil {
		return nil, err
	}
	return &Service{Addrs: []string{"redis://" + p.Addr()}, close: p.Close}, nil
}

func localCluster(ctx context.Context) (*Service, error) {
	c, err := StartRedisCluster(ctx, clusterSize)
	if err != nil {
		return nil, err
	}
	return &Service{Addrs: c.Addrs(), close: c.Close}, nil
}

func embeddedKafka(context.Context) (*Service, error) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation())
	if err != nil {
		return nil, fmt.Errorf("start kfake: %w", err)
	}
	return &Service{
		Addrs: cluster.ListenAddrs(),
		close: func() error { cluster.Close(); return nil },
	}, nil
}

func embeddedRedis(context.Context) (*Service, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start miniredis: %w", err)
	}
	return &Service{
		Addrs: []string{"redis://" + server.Addr()},
		close: func() error { server.Close(); return nil },
	}, nil
}
