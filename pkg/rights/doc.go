// Package rights lists what each role needs to be allowed in Kafka and Redis: least
// privilege as data. The list is what
//
//	                  ┌──► leadrouter rights: kafka-acls and ACL SETUSER to run
//	Kafka, Redis ─────┼──► a process at its start, and leadrouter doctor: what is missing
//	                  └──► the system test, which runs all roles with these rights alone
//
// Names are whole names: only transactional ids of routers and watchers are given by how
// they begin, since a slot is part of them. No role needs a right on the cluster.
package rights
