// Package cluster is what faults strike: three brokers, a Redis with a replica, two
// routers and two watchers, all processes of this machine, and the ways between them.
//
//	router a ──link a/1──► broker 1 ◄─┐
//	        ──link a/2──► broker 2 ◄─┤ links peers/1 … 3
//	        ──link a/3──► broker 3 ◄─┘
//	        ──link a/redis──► master ──► replica
//	router b, watchers x and y: likewise; watchers know no Redis
//	the instrument: straight
//
// Each process has a link of its own to each server: a broker has a listener for each,
// and tells its clients the address of the link instead of its own. So one process can
// be cut off from one broker, while it reaches the others and all others reach that one.
// Replication has one link into each broker, whoever copies from it; the controllers
// talk straight.
package cluster
