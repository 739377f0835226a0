//go:build tools

// Pins the Kubo node that the tests compare with; tests/deps.sh builds it.
package tools

import _ "github.com/ipfs/kubo/cmd/ipfs"
