package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/metadata"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Auth says who may do what. Without a root password authentication is off.
type Auth struct {
	RootPassword string
	Users        []User
	Roles        []Role
}

// User is a user of etcd. Without a password it can only authenticate with a
// certificate whose common name it is.
type User struct {
	Name, Password string
	Roles          []string // a role that is not in Auth.Roles is made empty
}

// Role is a role of etcd; without grants it permits nothing, but is a role.
type Role struct {
	Name   string
	Grants []Grant
}

// Grant permits access to the keys from Key up to, but not including, RangeEnd;
// an empty RangeEnd means the one key. Mode is clientv3.PermRead and the like.
type Grant struct {
	Key, RangeEnd string
	Mode          clientv3.PermissionType
}

func (a Auth) on() bool { return a.RootPassword != "" }

// roles are those that are described and those that are only named.
func (a Auth) roles() []Role {
	all := append(slices.Clone(a.Roles), Role{Name: rootUser})
	for _, u := range a.Users {
		for _, name := range u.Roles {
			if !slices.ContainsFunc(all, func(r Role) bool { return r.Name == name }) {
				all = append(all, Role{Name: name})
			}
		}
	}
	return all
}

// EnableAuth makes roles and users and turns authentication on. Clients of this
// cluster that are dialled afterwards are root.
func (c *Cluster) EnableAuth(ctx context.Context, a Auth) error {
	err := c.through(ctx, func(ctx context.Context, cl *clientv3.Client) error {
		if err := a.apply(ctx, cl); err != nil {
			return err
		}
		_, err := cl.AuthEnable(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("enable authentication: %w", err)
	}
	c.mu.Lock()
	c.password = a.RootPassword
	c.mu.Unlock()
	return each(c.Members(), func(m *Member) error { return m.await(ctx, m.serves) })
}

// callLearner is Member.call for a learner where authentication is on: it logs
// nobody in, but knows, a moment later, the tokens that voters give out.
func (m *Member) callLearner(ctx context.Context, f func(context.Context, *clientv3.Client) error) error {
	token, err := m.c.login(ctx)
	if err != nil {
		return err
	}
	cl, err := m.c.dial(ctx, "", []string{m.direct()})
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx = metadata.AppendToOutgoingContext(ctx, rpctypes.TokenFieldNameGRPC, token)
	for {
		err := f(ctx, cl)
		if !errors.Is(err, rpctypes.ErrInvalidAuthToken) || pause(ctx) != nil {
			return err
		}
	}
}

// login is a token of root.
func (c *Cluster) login(ctx context.Context) (string, error) {
	var endpoints []string
	for _, m := range c.voters() {
		endpoints = append(endpoints, m.direct())
	}
	cl, err := c.dial(ctx, "", endpoints)
	if err != nil {
		return "", err
	}
	defer cl.Close()
	resp, err := cl.Authenticate(ctx, rootUser, c.rootPassword())
	if err != nil {
		return "", fmt.Errorf("log in as root: %w", err)
	}
	return resp.Token, nil
}

func (a Auth) apply(ctx context.Context, cl *clientv3.Client) error {
	for _, r := range a.roles() {
		if _, err := cl.RoleAdd(ctx, r.Name); err != nil {
			return fmt.Errorf("add role %s: %w", r.Name, err)
		}
		for _, g := range r.Grants {
			if _, err := cl.RoleGrantPermission(ctx, r.Name, g.Key, g.RangeEnd, g.Mode); err != nil {
				return fmt.Errorf("grant role %s: %w", r.Name, err)
			}
		}
	}
	users := append(slices.Clone(a.Users), User{rootUser, a.RootPassword, []string{rootUser}})
	for _, u := range users {
		opts := &clientv3.UserAddOptions{NoPassword: u.Password == ""}
		if _, err := cl.UserAddWithOptions(ctx, u.Name, u.Password, opts); err != nil {
			return fmt.Errorf("add user %s: %w", u.Name, err)
		}
		for _, role := range u.Roles {
			if _, err := cl.UserGrantRole(ctx, u.Name, role); err != nil {
				return fmt.Errorf("grant role %s to %s: %w", role, u.Name, err)
			}
		}
	}
	return nil
}
