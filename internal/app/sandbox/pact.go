//go:build pact

package sandbox

/*
#cgo linux LDFLAGS: -lpact_ffi
#include <stdlib.h>
typedef struct VerifierHandle VerifierHandle;
VerifierHandle *pactffi_verifier_new_for_application(const char *name, const char *version);
void pactffi_verifier_shutdown(VerifierHandle *handle);
void pactffi_verifier_set_provider_info(VerifierHandle *handle, const char *name, const char *scheme, const char *host, unsigned short port, const char *path);
int pactffi_verifier_set_verification_options(VerifierHandle *handle, unsigned char disable_ssl_verification, unsigned long request_timeout);
void pactffi_verifier_set_coloured_output(VerifierHandle *handle, unsigned char coloured_output);
void pactffi_verifier_set_no_pacts_is_error(VerifierHandle *handle, unsigned char is_error);
void pactffi_verifier_add_file_source(VerifierHandle *handle, const char *file);
int pactffi_verifier_execute(VerifierHandle *handle);
*/
import "C"

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/calweave/calweave/contracts/pacts"
)

// ErrBuilt is why this binary cannot verify: it can.
var ErrBuilt error

// File is the committed pact with a provider, as this binary was built with it.
func File(provider string) ([]byte, error) {
	name, known := map[string]string{google: "google-calendar", microsoft: "microsoft-graph"}[provider]
	if !known {
		return nil, fmt.Errorf("there is no pact with %q", provider)
	}
	return pacts.Files.ReadFile("calweave-" + name + ".json")
}

var errVerifier = errors.New("pact's verifier could not run")

// Pact is Pact's own verifier. It is bound to here, for pact-go's wants a test around it. The library writes what does not fit to the process's standard
// output, so that one verification runs at a time.
func Pact(pact []byte, base string) (diff string, err error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "calweave-contracts-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "pact.json")
	if err := os.WriteFile(path, pact, 0o600); err != nil {
		return "", err
	}
	var code C.int
	out, err := captured(dir, func() { code = execute(u.Hostname(), C.ushort(port), path) })
	switch {
	case err != nil:
		return "", err
	case code == 1 && strings.Contains(out, "Failures:"):
		return tidy(out), nil
	case code != 0:
		return "", fmt.Errorf("%w (%d): %s", errVerifier, code, tidy(out))
	}
	return "", nil
}

// execute verifies the pact in a file. Its result is 0 if all holds, 1 if not.
func execute(host string, port C.ushort, path string) C.int {
	var texts []*C.char
	text := func(s string) *C.char {
		c := C.CString(s)
		texts = append(texts, c)
		return c
	}
	defer func() {
		for _, c := range texts {
			C.free(unsafe.Pointer(c))
		}
	}()
	handle := C.pactffi_verifier_new_for_application(text("calweave"), text("0"))
	defer C.pactffi_verifier_shutdown(handle)
	C.pactffi_verifier_set_provider_info(handle, text("provider"), text("http"), text(host), port, text("/"))
	C.pactffi_verifier_set_verification_options(handle, 0, C.ulong((patience+time.Second)/time.Millisecond))
	C.pactffi_verifier_set_coloured_output(handle, 0)
	C.pactffi_verifier_set_no_pacts_is_error(handle, 1)
	C.pactffi_verifier_add_file_source(handle, text(path))
	return C.pactffi_verifier_execute(handle)
}

// captured returns what fn has written to standard output.
func captured(dir string, fn func()) (string, error) {
	f, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	saved, err := syscall.Dup(1)
	if err != nil {
		return "", err
	}
	defer syscall.Close(saved)
	if err := syscall.Dup3(int(f.Fd()), 1, 0); err != nil {
		return "", err
	}
	func() {
		defer func() { _ = syscall.Dup3(saved, 1, 0) }()
		fn()
	}()
	raw, err := os.ReadFile(f.Name())
	return string(raw), err
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// tidy is the part of the verifier's output that says what does not fit; it is never empty.
func tidy(out string) string {
	out = ansi.ReplaceAllString(out, "")
	if _, failures, found := strings.Cut(out, "Failures:\n"); found {
		out, _, _ = strings.Cut(failures, "There were ")
	}
	if out = strings.TrimSpace(out); out == "" {
		return "the provider answers otherwise"
	}
	return out
}
