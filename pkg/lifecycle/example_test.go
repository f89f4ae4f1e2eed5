package lifecycle_test

import (
	"fmt"

	"leadrouter/pkg/lifecycle"
)

// What a stage of a clock does: the first action that moves the lead counts.
func ExampleMoves() {
	to, moves := lifecycle.Moves([]string{"tell_manager", "to_backup"})
	fmt.Println(to, moves)
	// Output: backup true
}
