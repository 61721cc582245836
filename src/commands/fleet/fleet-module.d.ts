// An optional peer, which is not there where this is compiled. What it exports is `FleetPackage`, as the loader checks.
declare module 'fluxloop-keys-fleet'
