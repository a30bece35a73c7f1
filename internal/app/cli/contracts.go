package cli

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/calweave/calweave/internal/pacts"
	"github.com/calweave/calweave/internal/transport"
)

type contractsCommand struct {
	Verify             contractsVerify       `cmd:"" help:"Verify what calweave relies on at a calendar provider: against a simulator of its own, or an account that is kept for tests."`
	Record             contractsRecord       `cmd:"" help:"Keep what a run of make contracts has found in a matrix of versions."`
	RecordVerification contractsVerification `cmd:"" help:"Keep in a matrix what another team has verified."`
	RecordDeployment   contractsDeployment   `cmd:"" help:"Keep in a matrix which version of whom an environment has."`
	CanIDeploy         contractsCanIDeploy   `cmd:"" name:"can-i-deploy" help:"Say whether a version keeps its contracts with what an environment has. Ends with 1 if it does not."`
	Publish            contractsPublish      `cmd:"" help:"Publish pacts and results of a run of make contracts to a Pact Broker."`
}

// matrixFile is the file that versions are kept in.
type matrixFile struct {
	Matrix string `default:"contracts-matrix.json" placeholder:"FILE" help:"The file in which it is kept (default: ${default})."`
}

// change reads the matrix, changes it and writes it again.
func (f matrixFile) change(do func(*pacts.Matrix) error) error {
	m, err := pacts.ReadMatrix(f.Matrix)
	if err != nil {
		return err
	}
	if err := do(m); err != nil {
		return err
	}
	return m.Write(f.Matrix)
}

// runOf is a run of make contracts.
type runOf struct {
	Report string `default:"report/contracts.json" placeholder:"FILE" help:"The report of the run (default: ${default})."`
	Root   string `default:"." placeholder:"DIR" help:"The clone that it ran in, where the pact files are (default: ${default})."`
}

type contractsRecord struct {
	matrixFile
	runOf
}

// Run records a run.
func (r contractsRecord) Run(e *env) error {
	version, all, err := pacts.ReadReport(r.Report, r.Root)
	if err != nil {
		return err
	}
	if err := r.change(func(m *pacts.Matrix) error { m.Record(version, all); return nil }); err != nil {
		return err
	}
	failed := 0
	for _, one := range all {
		if !one.OK {
			failed++
		}
	}
	return e.printf("%s knows %d pacts of version %s, of which %d do not hold\n", r.Matrix, len(all), version, failed)
}

type contractsVerification struct {
	matrixFile
	Pact            string `required:"" placeholder:"FILE" help:"The pact file that was verified. It names consumer and provider."`
	ConsumerVersion string `required:"" placeholder:"VERSION" help:"The consumer's version, which the pact is of."`
	ProviderVersion string `required:"" placeholder:"VERSION" help:"The provider's version, which it was verified with."`
	Failed          bool   `help:"It did not hold."`
}

// Run records a verification.
func (v contractsVerification) Run(e *env) error {
	one, err := pacts.ReadVerification(v.Pact, v.ConsumerVersion, v.ProviderVersion)
	if err != nil {
		return err
	}
	one.OK, one.At = !v.Failed, e.clock.Now().UTC()
	if err := v.change(func(m *pacts.Matrix) error { m.Add(one); return nil }); err != nil {
		return err
	}
	return e.printf("%s knows that %s %s was verified with %s %s\n", v.Matrix, one.Consumer, one.ConsumerVersion, one.Provider, one.ProviderVersion)
}

type contractsDeployment struct {
	matrixFile
	Participant string `default:"calweave" placeholder:"NAME" help:"Who was deployed: names in pacts that begin with it and a hyphen are parts of it (default: ${default})."`
	Version     string `required:"" placeholder:"VERSION" help:"The version."`
	Environment string `required:"" placeholder:"NAME" help:"Where it was deployed."`
}

// Run records a deployment.
func (d contractsDeployment) Run(e *env) error {
	made := pacts.Deployment{Participant: d.Participant, Version: d.Version, Environment: d.Environment, At: e.clock.Now().UTC()}
	if err := d.change(func(m *pacts.Matrix) error { m.Deploy(made); return nil }); err != nil {
		return err
	}
	return e.printf("%s knows that %s has %s in version %s\n", d.Matrix, d.Environment, d.Participant, d.Version)
}

type contractsCanIDeploy struct {
	matrixFile
	Participant string `default:"calweave" placeholder:"NAME" help:"Who is to be deployed (default: ${default})."`
	Version     string `required:"" placeholder:"VERSION" help:"The version, as git describe --always --tags prints it for calweave."`
	To          string `required:"" placeholder:"ENVIRONMENT" help:"Where to."`
	Format      string `default:"text" enum:"text,json" placeholder:"FORMAT" help:"How it is printed: text or json (default: ${default})."`
}

// Run answers.
func (c contractsCanIDeploy) Run(e *env) error {
	if _, err := os.Stat(c.Matrix); err != nil {
		return fmt.Errorf("%w: calweave contracts record writes it", err)
	}
	m, err := pacts.ReadMatrix(c.Matrix)
	if err != nil {
		return err
	}
	all, err := m.CanDeploy(c.Participant, c.Version, c.To)
	if err != nil {
		return err
	}
	failed := 0
	for _, a := range all {
		if !a.OK {
			failed++
		}
	}
	if c.Format == "json" {
		err = e.json(struct {
			OK    bool           `json:"ok"`
			Pacts []pacts.Answer `json:"pacts"`
		}{failed == 0, all})
	} else {
		err = e.table("CONSUMER\tPROVIDER\tHOLDS\tWHY", func(w io.Writer) {
			for _, a := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Consumer, a.Provider, map[bool]string{true: "yes", false: "NO"}[a.OK], a.Why) // Flush tells
			}
		})
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("no: %d of %d pacts keep %s %s out of %s", failed, len(all), c.Participant, c.Version, c.To)
	}
	return err
}

type contractsPublish struct {
	runOf
	Broker    string `placeholder:"URL" help:"The broker (default: $$PACT_BROKER_BASE_URL). Credentials are PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD."`
	Branch    string `placeholder:"NAME" help:"The branch that the version is of."`
	BuildURL  string `placeholder:"URL" help:"Where the run can be looked at."`
	PlainHTTP bool   `name:"plain-http" help:"Send the credentials over http to another machine, where anybody on the way can read them."`
}

// Run publishes.
func (p contractsPublish) Run(e *env) error {
	broker, err := p.broker(e)
	if err != nil {
		return err
	}
	version, all, err := pacts.ReadReport(p.Report, p.Root)
	if err != nil {
		return err
	}
	return broker.Publish(e.ctx, pacts.Publication{Version: version, Branch: p.Branch, BuildURL: p.BuildURL}, all, func(one pacts.Published) error {
		return e.printf("published: %s %s with %s %s, %s\n", one.Consumer, one.ConsumerVersion, one.Provider, one.ProviderVersion,
			map[bool]string{true: "verified", false: "failed"}[one.OK])
	})
}

func (p contractsPublish) broker(e *env) (*pacts.Broker, error) {
	base, err := brokerURL(cmp.Or(p.Broker, e.variable("PACT_BROKER_BASE_URL")))
	if err != nil {
		return nil, usageError{err}
	}
	b := &pacts.Broker{Base: base, HTTP: transport.Client(transport.Options{Base: http.DefaultTransport})}
	if b.Authorization, err = e.brokerCredentials(); err != nil {
		return nil, usageError{err}
	}
	if b.Authorization != "" && base.Scheme == "http" && !loopback(base.Hostname()) && !p.PlainHTTP {
		return nil, usageError{errors.New("http would show the credentials to anybody on the way: give an https URL, or --plain-http if that is meant")}
	}
	return b, nil
}

func brokerURL(given string) (*url.URL, error) {
	if given == "" {
		return nil, errors.New("which broker? Give --broker=URL, or set PACT_BROKER_BASE_URL")
	}
	base, err := url.Parse(given)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil {
		return nil, errors.New("the broker's URL has to be https://HOST or http://HOST, with credentials in the environment only")
	}
	return base, nil
}

// brokerCredentials is the Authorization header that the environment asks for.
func (e *env) brokerCredentials() (string, error) {
	token, user, password := e.variable("PACT_BROKER_TOKEN"), e.variable("PACT_BROKER_USERNAME"), e.variable("PACT_BROKER_PASSWORD")
	switch {
	case token != "" && user != "":
		return "", errors.New("PACT_BROKER_TOKEN and PACT_BROKER_USERNAME are both set: set one of them")
	case token != "":
		return "Bearer " + token, nil
	case user != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), nil
	default:
		return "", nil
	}
}

// variable is what the environment sets a name to.
func (e *env) variable(name string) string {
	found := ""
	for _, pair := range e.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			found = value
		}
	}
	return found
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
