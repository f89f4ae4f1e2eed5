// Package services finds or starts the real Kafka and Redis that tests talk to.
//
//	brokers := services.Kafka(t)        // []string{"127.0.0.1:19092"}
//	url     := services.Redis(t)        // "redis://127.0.0.1:16379"
//	nodes   := services.RedisCluster(t) // three addresses, all slots assigned
//
// # Shared servers
//
// Those three are shared by all tests that run at the same time, so a test takes
// a name of its own from [Instance] for topics and keys and never flushes. Each
// looks in this order, and says in the test's log what it found:
//
//	environment   LEADROUTER_TEST_BROKERS, LEADROUTER_TEST_REDIS,
//	              LEADROUTER_TEST_REDIS_CLUSTER (set by cmd/testservices for a
//	              whole run of "go test ./...", or by hand)
//	Docker        containers, when an engine answers (not for the cluster)
//	processes     Kafka fetched through Maven, redis-server from the PATH
//	embedded      kfake and miniredis (not for the cluster)
//
// Without the environment a test process starts its own servers on first use,
// and gives them back when its TestMain runs through [Main]; on Linux the kernel
// ends them even when the test process is killed. What they write stays in memory (/dev/shm)
// where there is enough of it.
//
// With CI=true or LEADROUTER_REQUIRE_REAL=1 it is a failure, not a fallback, when
// only the embedded ones are left. The variables accept the value "embedded", for
// quick runs.
//
// # Servers of a test's own
//
// Tests that break things start a [Process] with [OwnKafka] or [OwnRedis] (or
// [StartKafka], [StartRedis], [StartRedisCluster] where there is no test): it can
// be killed, paused and restarted on the same address and the same data. [OwnBrokers]
// are several that copy each other's topics, to each of which every client may have a
// way of its own.
package services
