package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The simulators begin with what the scenario says.
func TestSimBeginsWithAScenario(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "sim", "--google=127.0.0.1:0", "--microsoft=127.0.0.1:0", "--admin=127.0.0.1:0",
		"--scenario="+filepath.Join("..", "..", "..", "docs", "scenario.yaml"))
	if !s.out.await(s.ctx, "admin") {
		t.Fatalf("it does not start: %s", s.err)
	}
	admin := regexp.MustCompile(`admin     (http://\S+)`).FindStringSubmatch(s.out.String())
	if admin == nil {
		t.Fatalf("%q", s.out)
	}
	for path, word := range map[string]string{"people": "anna@salon.example", "clock": `"frozen":true`, "faults": "quotaExceeded", "openapi.yaml": "openapi: 3.1.0"} {
		if status, body := get(t, admin[1]+"/sim/v1/"+path, ""); status != 200 || !strings.Contains(body, word) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if code := s.stop(); code != 0 || s.err.String() != "" {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// A mistake in the scenario is told with its line and field before anything is served.
func TestSimRefusesAScenario(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.yaml")
	for content, want := range map[string]string{
		"people:\n  - provider: apple\n    email: a@b.example\n":                  "s.yaml:2:5: people[0].provider: value must be one of 'google', 'microsoft'",
		"switches:\n  page_cap: -1\n":                                             "s.yaml:2:3: switches.page_cap: ",
		"people:\n  - provider: google\n    email: a@b.example\n    zone: Mars\n": "s.yaml:4:5: people[0].zone: ",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		calweave(t, nil, "sim", "--scenario="+file).fails(t, 2, "calweave: the scenario cannot be used:\n", want)
	}
	calweave(t, nil, "sim", "--scenario="+file+".gone").fails(t, 1, "--scenario: ", "no such file")
}

// pair writes a certificate for 127.0.0.1 and its key, and returns their files and the pool that trusts it.
func pair(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	wish := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, wish, wish, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := errors.Join(os.WriteFile(cert, text, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600)); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return cert, key, pool
}

// With a certificate all three listeners speak TLS, and what they say of themselves is https.
func TestSimSpeaksTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := pair(t)
	s := serve(t, nil, "sim", "--google=127.0.0.1:0", "--microsoft=127.0.0.1:0", "--admin=127.0.0.1:0", "--tls-cert="+cert, "--tls-key="+key)
	if !s.out.await(s.ctx, "admin") {
		t.Fatalf("it does not start: %s", s.err)
	}
	wire := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(wire.CloseIdleConnections)
	for name, c := range map[string][2]string{
		"google": {"/nosuch", ""}, "microsoft": {"/common/v2.0/.well-known/openid-configuration", `"token_endpoint":"https://127.0.0.1`}, "admin": {"/sim/v1/people", "["},
	} {
		found := regexp.MustCompile(`(?m)^` + name + `\s+(https://\S+)$`).FindStringSubmatch(s.out.String())
		if found == nil {
			t.Fatalf("%s: %q", name, s.out)
		}
		resp, err := (&http.Client{Transport: wire}).Get(found[1] + c[0])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(body), c[1]) {
			t.Errorf("%s: %v %s", name, err, body)
		}
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

func TestSimRefusesHalfATLSPair(t *testing.T) {
	t.Parallel()
	cert, key, _ := pair(t)
	for want, args := range map[string][]string{
		"--tls-cert needs --tls-key: the private key is missing": {"--tls-cert=" + cert},
		"--tls-key needs --tls-cert: the certificate is missing": {"--tls-key=" + key},
		"no such file":            {"--tls-cert=" + cert + ".gone", "--tls-key=" + key},
		"--tls-cert, --tls-key: ": {"--tls-cert=" + key, "--tls-key=" + key},
	} {
		calweave(t, nil, append([]string{"sim"}, args...)...).fails(t, 1, want)
	}
}
