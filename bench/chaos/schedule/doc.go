// Package schedule draws faults. It is pure: a seed and a length give the same faults,
// in whatever order they are then carried out.
//
//	time ──────────────────────────────────────────────►
//	router a   ▓▓▓ kill          ▓▓▓▓▓▓▓ stop
//	brokers        ▓▓▓▓▓ kill ▓▓ leaders      ▓▓▓ stop
//	redis       ▓ flush          ▓▓▓▓ failover
//	link b/2         ▓▓▓▓▓▓▓▓ cut
//
// A fault holds what it strikes until it has healed: no two faults have one broker of
// three away and another one stopped, since what is then unavailable by design would
// hide what is not. Whatever is struck by one fault may well be cut off by another.
//
// All kinds are drawn from a deck that is shuffled anew when it is used up, so that a
// run of as many faults as there are kinds shows each of them.
package schedule
