// Package drivertest lets package providertest act upon the simulators: as the person whose calendar it is, and as the wire to it.
package drivertest
