package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// readFile reads a regular file of at most 1 MiB. Anything else that has a name
// may never end, or never begin.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = errors.New("larger than 1 MiB")
	}
	return data, err
}

// reason takes off an error what repeats the name of the file.
func reason(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err
	}
	return err
}

// filename is the file that a key names: what the configuration file says is
// meant from where it lies.
func (d *document) filename(path string) string {
	name := get[string](d, path)
	if name == "" || d.settings[path].origin.Source != InFile || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(d.file), name)
}

// files reads what a cluster names: better now than at the first handshake.
func (d *document) files(path string, c Cluster) {
	if data, ok := d.read(path+".tls.ca_file", c.TLS.CAFile); ok {
		d.authorities(path+".tls.ca_file", c.TLS.CAFile, data)
	}
	if c.TLS.CertFile != "" && c.TLS.KeyFile != "" {
		cert, one := d.read(path+".tls.cert_file", c.TLS.CertFile)
		key, two := d.read(path+".tls.key_file", c.TLS.KeyFile)
		if one && two {
			d.pair(path, c.TLS, cert, key)
		}
	}
	if data, ok := d.read(path+".auth.password_file", c.Auth.PasswordFile); ok && len(bytes.TrimSpace(data)) == 0 {
		d.failFile(path+".auth.password_file", c.Auth.PasswordFile, "it is empty")
	}
	if data, ok := d.read(path+".file", c.TargetsFile); ok {
		_, err := ParseTargets(c.TargetsFile, data, c.TLS.Enabled)
		problems, _ := errors.AsType[Problems](err)
		for _, p := range problems {
			d.fail(p.Origin, path+".file"+p.Key, "%s", p.Message)
		}
	}
}

// read reads the file that a key names, if it names one.
func (d *document) read(key, name string) ([]byte, bool) {
	if name == "" {
		return nil, false
	}
	data, err := d.open(name)
	if err != nil {
		d.failFile(key, name, err.Error())
		return nil, false
	}
	return data, true
}

func (d *document) failFile(key, name, message string) {
	d.fail(d.settings[key].origin, key, "%s: %s", name, message)
}

// authorities checks a file of CAs. Go's own reader passes over what it cannot
// read.
func (d *document) authorities(key, name string, data []byte) {
	found := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			d.failFile(key, name, "certificate "+fmt.Sprint(found+1)+" cannot be read")
			return
		}
		found++
		d.expired(key, name, cert)
	}
	if found == 0 {
		d.failFile(key, name, "no certificate in it")
	}
}

// pair checks our certificate and its key.
func (d *document) pair(path string, t TLS, cert, key []byte) {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		d.failFile(path+".tls.cert_file", t.CertFile, fmt.Sprintf("with key %s: %s", t.KeyFile, err))
		return
	}
	if pair.Leaf != nil {
		d.expired(path+".tls.cert_file", t.CertFile, pair.Leaf)
	}
}

// expired warns of a certificate whose time is over: it can be renewed while we
// run.
func (d *document) expired(key, name string, cert *x509.Certificate) {
	if d.now().After(cert.NotAfter) {
		d.warn(d.settings[key].origin, key, "%s: the certificate of %s expired on %s", name, quote(cert.Subject.String()), cert.NotAfter.UTC().Format(time.DateOnly))
	}
}
