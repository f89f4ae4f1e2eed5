package dev

// NewUnset is tested from outside.
var NewUnset = newUnset
