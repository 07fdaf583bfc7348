// Package seal encrypts secrets under a master key, and opens them again.
//
// A sealed text is AES-256-GCM with a random nonce:
//
//	key id (8 bytes) │ nonce (12) │ ciphertext and tag
//
// The id is a hash of the key, so a reader knows which of several keys it takes
// without trying. Of several keys the first seals, and all open: a new key is put
// last wherever texts are opened, then first where they are sealed, and the old
// one goes once nothing is sealed under it. Random nonces allow some 2³² texts
// under one key (NIST SP 800-38D, §8.3); a deployment writes its secrets a few
// times a day.
//
// Each text is bound to its [Place]: copied to another namespace, name or version
// it does not open. What is sealed may lie in a database or travel in a message;
// whoever holds it without the key learns its length alone.
package seal
