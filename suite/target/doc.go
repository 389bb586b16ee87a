// Package target holds what the suite must be told about a target: the configuration file.
//
// In the room: Config and its parts, Load, Default, the commented Template. What may be touched: keys
// may be added, not changed; every error names line and column. No network. Who comes in: suite,
// its matrix and profiles, the command line.
package target
