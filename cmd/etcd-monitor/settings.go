package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/etcd-monitor/etcd-monitor/internal/config"
)

// settings are the flags that stand for keys of the configuration file, and the
// file. What they mean is read where the file is: internal/config has the table.
type settings struct {
	file  string // "" for none
	flags []*keyFlag
}

// keyFlag is the flag of one key, as text.
type keyFlag struct {
	config.Flag
	text  string
	given bool // on the command line, where kingpin also sets variables and defaults
}

// Set implements kingpin.Value. Whether it is right is for the table to say,
// together with everything else that is wrong.
func (f *keyFlag) Set(s string) error {
	f.text = s
	return nil
}

// String implements kingpin.Value.
func (f *keyFlag) String() string { return f.text }

// IsBoolFlag tells kingpin which flags need no value.
func (f *keyFlag) IsBoolFlag() bool { return f.Switch }

// addSettings adds the flags that a verb takes its configuration from: those of
// all keys, or of the keys below the sections that are named.
func addSettings(cmd *kingpin.CmdClause, sections ...string) *settings {
	s := &settings{}
	cmd.Flag("config.file", "Configuration file. Flags and ETCD_MONITOR_* variables count more than what is in it.").
		PlaceHolder("FILE").StringVar(&s.file)
	for _, k := range config.Flags() {
		within := func(section string) bool { return strings.HasPrefix(k.Key, section+".") }
		if len(sections) > 0 && !slices.ContainsFunc(sections, within) {
			continue
		}
		f := &keyFlag{Flag: k}
		clause := cmd.Flag(k.Name, k.Help).IsSetByUser(&f.given)
		if k.Default != "" {
			clause.Default(k.Default)
		}
		clause.SetValue(f)
		s.flags = append(s.flags, f)
	}
	return s
}

// load reads the file, with the flags and variables that count more.
func (s *settings) load() (*config.File, []config.Warning, error) {
	o := config.Overrides{Flags: map[string]string{}, LookupEnv: os.LookupEnv}
	for _, f := range s.flags {
		if f.given {
			o.Flags[f.Name] = f.text
		}
	}
	return config.Load(s.file, o)
}

// blame makes a mistake on the command line of problems that no file has.
func blame(err error) error {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	for _, p := range problems {
		if p.Origin.Source == config.InFile {
			return err
		}
	}
	return usageError{err}
}
