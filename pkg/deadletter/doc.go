// Package deadletter reads what the routers set aside, and settles it: letters are
// sent again once their cause is mended, or dropped.
//
// Kafka forgets a partition from its beginning only. So a letter that stays, and lies
// before one that is settled, is written anew at the end, and then everything up to the
// last settled one is deleted. What is written comes before what is deleted: a crash in
// between loses nothing and leaves letters that were sent again already. Sent twice, a
// lead is a repeat of itself, and an activity finds nothing more to do.
package deadletter
