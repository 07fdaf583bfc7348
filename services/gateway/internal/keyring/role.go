package keyring

import "slices"

// Role is what the holder of a key may do. Each role may do all that the ones
// before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // read
	Operator Role = "operator" // run, pause, resume
	Editor   Role = "editor"   // create, change, delete jobs
	Admin    Role = "admin"    // queues, keys, everything
)

// Roles lists the roles, from the least to the most powerful.
func Roles() []Role { return []Role{Viewer, Operator, Editor, Admin} }

// Allows reports whether the role covers what least asks for.
func (r Role) Allows(least Role) bool {
	have, need := slices.Index(Roles(), r), slices.Index(Roles(), least)
	return need >= 0 && have >= need
}
