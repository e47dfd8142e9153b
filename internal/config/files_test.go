package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pair makes a certificate that signs itself, and its key.
func pair(t *testing.T, name string, until time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// TestFiles: what a cluster names is read before it counts, from where the file
// lies, and each file that is of no use is named.
func TestFiles(t *testing.T) {
	cert, key := pair(t, "monitor", time.Now().Add(time.Hour))
	old, oldKey := pair(t, "old", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	files := map[string]string{
		"ca.pem": cert, "c.pem": cert, "k.pem": key, "old.pem": old, "old-key.pem": oldKey, "no.pem": "no certificate",
		"empty": "", "spaces": " \n", "two.pem": cert + strings.Replace(cert, "M", "N", 8), "big": strings.Repeat("x", MaxFile+1),
		"password": "hunter2\n", "targets.yml": "- targets: [a:1, 'https://b:1', a:1]\n  labels: {x: y}\n- targets: [c:1]\n",
		"targets.json": `[{"targets": ["a:1"]}]`, "bad.yml": "- targets: [a]\n- labls: {}\n- 5\n", "none.yml": "[]\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("targets.yml", filepath.Join(dir, "link.yml")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		cluster string
		want    []string // DIR stands for the directory, ~ for any words
	}{
		{"tls: {ca_file: ca.pem}, endpoints: [a:1]", nil},
		{"tls: {ca_file: DIR/ca.pem, cert_file: c.pem, key_file: k.pem}, endpoints: [a:1]", nil},
		{"auth: {username: u, password_file: password}, endpoints: [a:1]", nil},
		{"file: targets.yml", nil},
		{"file: targets.json", nil},
		{"file: link.yml", nil},
		{"tls: {ca_file: gone.pem}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/gone.pem: no such file or directory"}},
		{"tls: {ca_file: ../absent/x.pem}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: ~/absent/x.pem: no such file or directory"}},
		{"tls: {ca_file: '.'}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR: not a regular file"}},
		{"tls: {ca_file: empty}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/empty: no certificate in it"}},
		{"tls: {ca_file: no.pem}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/no.pem: no certificate in it"}},
		{"tls: {ca_file: k.pem}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/k.pem: no certificate in it"}},
		{"tls: {ca_file: two.pem}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/two.pem: certificate 2 cannot be read"}},
		{"tls: {ca_file: big}, endpoints: [a:1]", []string{"1:23: etcd.tls.ca_file: DIR/big: larger than 1 MiB"}},
		{"tls: {cert_file: c.pem, key_file: old-key.pem}, endpoints: [a:1]", []string{"1:25: etcd.tls.cert_file: DIR/c.pem: with key DIR/old-key.pem: ~"}},
		{"tls: {cert_file: k.pem, key_file: c.pem}, endpoints: [a:1]", []string{"1:25: etcd.tls.cert_file: DIR/k.pem: with key DIR/c.pem: ~"}},
		{"tls: {cert_file: gone.pem, key_file: gone-key.pem}, endpoints: [a:1]", []string{
			"1:25: etcd.tls.cert_file: DIR/gone.pem: no such file or directory", "1:45: etcd.tls.key_file: DIR/gone-key.pem: no such file or directory",
		}},
		{"tls: {enabled: false, ca_file: gone.pem}, endpoints: [a:1]", nil},
		{"auth: {username: u, password_file: gone}, endpoints: [a:1]", []string{"1:43: etcd.auth.password_file: DIR/gone: no such file or directory"}},
		{"auth: {username: u, password_file: spaces}, endpoints: [a:1]", []string{"1:43: etcd.auth.password_file: DIR/spaces: it is empty"}},
		{"file: gone.yml", []string{"1:14: etcd.file: DIR/gone.yml: no such file or directory"}},
		{"file: empty", []string{"DIR/empty:1:1: etcd.file: the file is empty"}},
		{"file: none.yml", []string{"DIR/none.yml:1:1: etcd.file: no target in it"}},
		{"file: bad.yml", []string{
			`DIR/bad.yml:1:13: etcd.file[0].targets: endpoint "a": port "" is not one of 1 to 65535 (etcd's client port is 2379)`,
			`DIR/bad.yml:2:3: etcd.file[1].labls: unknown key (did you mean "labels"?)`, "DIR/bad.yml:3:3: etcd.file[2]: expected a mapping, got a number",
		}},
	} {
		file := filepath.Join(dir, "monitor.yml")
		text := "etcd: {" + strings.ReplaceAll(tt.cluster, "DIR", dir) + "}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, warnings, err := Load(file, Overrides{})
		var got []string
		if err != nil {
			for l := range strings.Lines(err.Error()) {
				l = strings.TrimSpace(strings.TrimPrefix(l, file+":"))
				got = append(got, strings.ReplaceAll(l, dir, "DIR"))
			}
		}
		slices.Sort(got)
		if len(warnings) > 0 || !slices.EqualFunc(got, tt.want, func(g, w string) bool {
			head, tail, _ := strings.Cut(w, "~")
			return strings.HasPrefix(g, head) && strings.HasSuffix(g, tail) || w == g
		}) {
			t.Errorf("%s:\n%s\nwant\n%s", tt.cluster, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}

	// A certificate can be renewed while we run: one that has expired warns.
	file := filepath.Join(dir, "monitor.yml")
	text := "etcd: {endpoints: [a:1], tls: {ca_file: old.pem, cert_file: old.pem, key_file: old-key.pem}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, warnings, err := Load(file, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	expired := fmt.Sprintf("%s: the certificate of %q expired on 2026-01-02", filepath.Join(dir, "old.pem"), "CN=old")
	var told []string
	for _, w := range warnings {
		told = append(told, w.Key+": "+w.Message)
	}
	if want := []string{"etcd.tls.ca_file: " + expired, "etcd.tls.cert_file: " + expired}; !slices.Equal(told, want) {
		t.Errorf("warnings %q, want %q", told, want)
	}
	if got := f.Clusters()[0].TLS.CAFile; got != filepath.Join(dir, "old.pem") {
		t.Errorf("the CA file is %s", got)
	}
}

func TestParseTargets(t *testing.T) {
	got, err := ParseTargets("t.yml", []byte("- targets: [a:1, 'https://b:1', a:1]\n  labels: {x: y}\n- targets: [c:1]\n"), true)
	if want := []string{"https://a:1", "https://b:1", "https://c:1"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	for text, want := range map[string]string{
		"":                             "t.yml:1:1: the file is empty",
		"- targets: [a:1":              "t.yml:2:1: no YAML",
		"targets: [a:1]":               "t.yml:1:1: expected a list of groups with targets, got a mapping",
		"[]":                           "t.yml:1:1: no target in it",
		"- {}":                         "t.yml:1:1: no target in it",
		"- targets: a:1":               `t.yml:1:12: [0].targets: expected a list of texts, got "a:1"`,
		"- targets: [1]":               `t.yml:1:13: [0].targets[0]: expected a text, got "1" without quotes`,
		"- targets: ['http://u:p@a']":  "user and password do not belong in an endpoint",
		"- {targets: [a:1], x: 1}":     "t.yml:1:20: [0].x: unknown key",
		"- {targets: &a [a:1]}\n- *a":  noAliases,
		"- {targets: [a:1]}\n---\n[]":  "t.yml:2:1: a second document",
		strings.Repeat("x", MaxFile+1): "larger than 1 MiB",
	} {
		if _, err := ParseTargets("t.yml", []byte(text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

// TestSecretsAreNotTold: a canary in every secret of the file, right and wrong,
// is in no error, no warning, and nothing that can be printed.
func TestSecretsAreNotTold(t *testing.T) {
	const canary = "canary-5d41402abc4b"
	forms := map[string]string{
		"right": canary, "a URL": "https://hooks.example.com/" + canary, "no URL": "https://" + canary + ":" + canary + "@a/x y",
		"a list": "[" + canary + "]", "a mapping": "{" + "A: " + canary + "}", "a mapping of numbers": "{A: 5, B: " + canary + "}",
		"a tag": "!x " + canary, "an anchor": "&a " + canary, "not closed": "\"" + canary, "an alias": "*" + canary, "a control character": `"` + canary + `\x01"`,
	}
	found := 0
	for _, k := range leaves() {
		if !k.kind.secret {
			continue
		}
		found++
		for _, form := range slices.Sorted(maps.Keys(forms)) {
			text, _, _ := k.write(forms[form])
			text = "logging: {level: info}\n" + text
			for _, more := range []string{"", "zzz: 1\n", "api: {cors: {enabled: true}}\n"} {
				f, warnings, err := loadText(text + more)
				told := fmt.Sprintf("%v %+v %#v %v", err, err, err, warnings)
				if f != nil {
					told += fmt.Sprintf("%v %+v %#v %v %+v %#v", f, f, *f, f.Clusters(), f.Clusters(), f.Clusters())
					for _, v := range f.Values() {
						told += v.Text
					}
				}
				if strings.Contains(told, canary) {
					t.Errorf("%s, %s: %s", k.path, form, told)
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d secrets in the table", found)
	}
}
