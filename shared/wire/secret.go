package wire

// Secret is a secret on its way to the runners, under topology.Secret. An empty
// message says that it was deleted.
type Secret struct {
	Current Sealed `json:"current"`
	// Previous is the version before the current one; nil if there is none.
	Previous *Sealed `json:"previous,omitempty"`
}

// Sealed is one version of a secret. Its text is that of package seal, for the
// namespace and the name of the message's subject.
type Sealed struct {
	Version int64  `json:"version"`
	Text    []byte `json:"text"`
}
