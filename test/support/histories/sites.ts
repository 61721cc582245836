import { shortHash } from '../../../src/model/hash.ts'
import { otherHost, thisHost } from '../build.ts'

/** Where somebody runs the program: a machine, and one checkout of the repository there. */
export interface Site {
  readonly host: string
  /** Relative paths are below it. */
  readonly folder: string
}

/** Two machines, and on the first of them a second checkout. */
export const sites: readonly [Site, ...Site[]] = [
  { host: thisHost, folder: '/srv' },
  { host: otherHost, folder: '/srv' },
  { host: thisHost, folder: '/home/me/second' },
]

export const siteOf = (index: number): Site => sites[index] ?? sites[0]

/** What a marker says of a key that has a file here. */
export const filePlace = ({ host, folder }: Site): string => shortHash(`${host}\n${folder}`, 8)

/** The site that a marker names; null where it names none. */
export function markedSite(place: string | null): Site | null {
  return sites.find(site => filePlace(site) === place) ?? sites.find(({ host }) => host === place) ?? null
}
