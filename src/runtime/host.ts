import { readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { homeFolder } from '../files/home.ts'
import { shortHash } from '../model/hash.ts'

/** Where systemd and D-Bus keep the machine's own number. */
const machineIdFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id']

function machineId(): string {
  for (const file of machineIdFiles) {
    try {
      const id = readFileSync(file, 'utf8').trim()
      if (id !== '') return id
    } catch {
      continue
    }
  }
  return hostname()
}

/** Eight hexadecimal digits that stand for this machine, user and home: who owns the local stores here. */
export function hostHash(home = homeFolder()): string {
  return shortHash([machineId(), userName(), home].join('\n'), 8)
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** This machine and its user, by name, for logs. */
export function operator(): { readonly host: string; readonly user: string } {
  return { host: hostname(), user: userName() }
}
