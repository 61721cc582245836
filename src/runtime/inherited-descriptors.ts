import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** By number: what the open descriptors of a process lead to; nothing where nobody may look. */
function descriptorsOf(process: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  const folder = `/proc/${process}/fd`
  for (const name of namesIn(folder)) {
    try {
      found.set(Number(name), readlinkSync(`${folder}/${name}`))
    } catch {
      // It was closed meanwhile: the one that listed the folder, for example.
    }
  }
  return found
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function parentOf(process: string): string | null {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'utf8')
    // The second field is the program's name in parentheses, and may hold anything; the fourth is the parent.
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '0'
    return parent === '0' ? null : parent
  } catch {
    return null
  }
}

// O_CLOEXEC on every platform of Linux that Node runs on.
const closedOnExec = 0o2000000

function isPassedOn(process: string, fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${process}/fdinfo/${fd}`, 'utf8'))?.[1]
    return flags !== undefined && (parseInt(flags, 8) & closedOnExec) === 0
  } catch {
    return false
  }
}

/** What any process above ours has open: the target, and the target after the number under which its programs get it. */
function openAbove(): ReadonlySet<string> {
  const found = new Set<string>()
  for (let process = parentOf('self'); process !== null; process = parentOf(process)) {
    for (const [fd, target] of descriptorsOf(process)) {
      found.add(target)
      if (isPassedOn(process, fd)) found.add(`${fd} ${target}`)
    }
  }
  return found
}

/**
 * The descriptors above the three streams that somebody opened for the program which takes our place: a lock, a process
 * substitution, the jobserver of make. Node marks all of them to be closed, as its own are; so what is its own is told apart: the
 * inner workings of the kernel, sockets that nobody above us has, pipes of which both ends are here and nobody above us has one, and
 * /dev/null under a number that nobody above us passes on.
 * Only Linux shows what a descriptor leads to; elsewhere there are none.
 */
export function inheritedDescriptors(platform: NodeJS.Platform = process.platform): readonly number[] {
  if (platform !== 'linux') return []
  const own = descriptorsOf('self')
  const counts = new Map<string, number>()
  for (const target of own.values()) counts.set(target, (counts.get(target) ?? 0) + 1)
  let above: ReadonlySet<string> | null = null
  const isAbove = (target: string) => (above ??= openAbove()).has(target)
  const isInherited = (fd: number, target: string) => {
    if (target.startsWith('anon_inode:')) return false
    if (target.startsWith('socket:')) return isAbove(target)
    if (target === '/dev/null') return isAbove(`${fd} ${target}`)
    if (target.startsWith('pipe:')) return counts.get(target) === 1 || isAbove(target)
    return !/^\/proc\/\d+\/fd$/.test(target)
  }
  return [...own]
    .flatMap(([fd, target]) => (fd > 2 && isInherited(fd, target) ? [fd] : []))
    .sort((a, b) => a - b)
}
