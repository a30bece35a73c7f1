// Package seal encrypts what must not be read from a database dump: tokens, webhook secrets, booking text, bases, messages.
//
// A sealed value is a Tink AEAD ciphertext (AES-256-GCM): one byte 0x01, four bytes of key id, twelve of nonce, the encrypted text and sixteen of
// tag, 33 bytes more than what was sealed. The key id says which key of the set opens it, so a key is rotated by adding one, making it the primary,
// sealing old values anew (internal/store does), and removing the old one. The value is bound to its tenant, table, row and column: put anywhere
// else, it does not open.
//
// Values live for years, so neither the ciphertext nor what it is bound to may change form; the golden file in testdata holds that.
//
// Files: keyset.go (keys), seal.go (values), kms.go (keysets that are kept wrapped).
package seal
