package schedule

import "time"

// Kind of a fault.
type Kind string

// The kinds.
const (
	RouterKill    Kind = "router-kill"    // kill -9, then started again
	RouterStop    Kind = "router-stop"    // SIGSTOP, longer than a session or not, SIGCONT
	RouterRestart Kind = "router-restart" // SIGTERM, then started again
	WatcherKill   Kind = "watcher-kill"
	WatcherStop   Kind = "watcher-stop"
	ClockStep     Kind = "clock-step" // of a watcher: set forward or back, and right again

	BrokerKill    Kind = "broker-kill"
	BrokerStop    Kind = "broker-stop"
	BrokerRestart Kind = "broker-restart" // SIGTERM: leaders are handed over
	LeaderMove    Kind = "leader-move"    // of every partition, with those of groups and transactions

	RedisKill     Kind = "redis-kill"     // kill -9, started again on its file
	RedisStop     Kind = "redis-stop"     // SIGSTOP
	RedisRestore  Kind = "redis-restore"  // killed, started again on an older file
	RedisFlush    Kind = "redis-flush"    // FLUSHALL
	RedisFailover Kind = "redis-failover" // the replica is promoted, and the old master follows it
	RedisSplit    Kind = "redis-split"    // the same, but one router stays with a master that knows of nothing
	RedisFull     Kind = "redis-full"     // no memory left: reads are answered, writes are not
	ReplicaKill   Kind = "replica-kill"   // the master takes no writes without it

	Cut      Kind = "cut"       // between a process and one server: nothing comes through
	Reset    Kind = "reset"     // all connections of a process end
	Slow     Kind = "slow"      // what passes between a process and one server comes late
	PeersCut Kind = "peers-cut" // the brokers copy nothing from one of them

	DiskFull  Kind = "disk-full" // where a router writes its log
	NewPolicy Kind = "new-policy"
	Previous  Kind = "previous" // a router of the release before, beside this one

	Duplicate Kind = "duplicate" // input comes again
	Reorder   Kind = "reorder"   // input comes in another order, activities before their leads
)

// Targets that are not processes.
const (
	Brokers = "brokers"
	Redis   = "redis"
	Input   = "input"
)

// trait is what the schedule has to know of a kind.
type trait struct {
	kind Kind
	// on are what it may strike; one is drawn. Of links it is a process, and to are the
	// servers.
	on, to []string
	// least and most are how long it lasts.
	least, most time.Duration
	// all: it takes hold of all that it may strike.
	all bool
}

// traits of all kinds, in the order in which they are listed.
func traits() []trait {
	const (
		instant = 100 * time.Millisecond
		s       = time.Second
		// session is how long a consumer group waits for a silent member: 10 s.
		session = 14 * s
	)
	routers, watchers := []string{"a", "b"}, []string{"x", "y"}
	clients := []string{"a", "b", "x", "y"}
	servers := []string{"1", "2", "3", Redis}
	brokers := []string{"1", "2", "3"}
	return []trait{
		{kind: RouterKill, on: routers, least: instant, most: 4 * s},
		{kind: RouterStop, on: routers, least: s, most: session},
		{kind: RouterRestart, on: routers, least: instant, most: 2 * s},
		{kind: WatcherKill, on: watchers, least: instant, most: 6 * s},
		{kind: WatcherStop, on: watchers, least: s, most: session},
		{kind: ClockStep, on: []string{"y"}, least: 4 * s, most: session},
		{kind: BrokerKill, on: brokers, least: s, most: 8 * s},
		{kind: BrokerStop, on: brokers, least: s, most: session},
		{kind: BrokerRestart, on: brokers, least: instant, most: 2 * s},
		{kind: LeaderMove, on: []string{Brokers}, least: instant, most: instant},
		{kind: RedisKill, on: []string{Redis}, least: instant, most: 4 * s},
		{kind: RedisStop, on: []string{Redis}, least: s, most: session},
		{kind: RedisRestore, on: []string{Redis}, least: 2 * s, most: 6 * s},
		{kind: RedisFlush, on: []string{Redis}, least: instant, most: instant},
		{kind: RedisFailover, on: []string{Redis}, least: instant, most: 4 * s},
		{kind: RedisSplit, on: []string{Redis}, least: 2 * s, most: session},
		{kind: RedisFull, on: []string{Redis}, least: s, most: 8 * s},
		{kind: ReplicaKill, on: []string{Redis}, least: s, most: 8 * s},
		{kind: Cut, on: clients, to: servers, least: s, most: session},
		{kind: Reset, on: clients, least: instant, most: instant},
		{kind: Slow, on: clients, to: servers, least: 3 * s, most: session},
		{kind: PeersCut, on: brokers, least: s, most: session},
		{kind: DiskFull, on: routers, least: 4 * s, most: session},
		{kind: NewPolicy, on: routers, least: instant, most: 2 * s, all: true},
		{kind: Previous, on: routers, least: 8 * s, most: 20 * s},
		{kind: Duplicate, on: []string{Input}, least: instant, most: instant},
		{kind: Reorder, on: []string{Input}, least: instant, most: instant},
	}
}

// Kinds lists all kinds.
func Kinds() []Kind {
	var kinds []Kind
	for _, t := range traits() {
		kinds = append(kinds, t.kind)
	}
	return kinds
}
