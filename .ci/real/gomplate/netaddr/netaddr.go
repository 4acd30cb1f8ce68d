// Package netaddr has what gomplate's deprecated functions for addresses name, which no template of ours calls: the module
// of this name has been given up, and not every proxy still has it.
package netaddr

import (
	"errors"
	"net"
	"net/netip"
)

type IP struct{ netip.Addr }

type IPPrefix struct{}

func (p IPPrefix) Masked() IPPrefix { return p }

func (IPPrefix) IPNet() *net.IPNet { return nil }

type IPRange struct{}

var errUnknown = errors.New("not here")

func ParseIP(string) (IP, error) { return IP{}, errUnknown }

func ParseIPPrefix(string) (IPPrefix, error) { return IPPrefix{}, errUnknown }

func ParseIPRange(string) (IPRange, error) { return IPRange{}, errUnknown }
