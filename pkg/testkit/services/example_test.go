package services_test

import (
	"context"
	"fmt"

	"leadrouter/pkg/testkit/services"
)

// A server of one's own survives kill -9 with its data and its address.
func ExampleStartRedis() {
	ctx := context.Background()
	server, err := services.StartRedis(ctx, services.RedisConfig{})
	if err != nil {
		fmt.Println(err) // no redis-server on this machine
		return
	}
	defer server.Close()
	if err := server.Kill(); err != nil {
		fmt.Println(err)
	}
	if err := server.Restart(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(server.Addr())
}
