import { plural } from '../../model/plural.ts'
import { type Rule, clean, evidence } from '../rule.ts'
import { usageOf } from '../usage-of.ts'

/** One place has many addresses: those of a network count once (IPv4 /24, IPv6 /64). More networks than this are more than one user. */
const most = 5

/** `::` stands for as many zeros as are missing: `2001:db8::7` is in the network 2001:db8:0:0. */
function ipv6Network(ip: string): string {
  const [front = '', back = ''] = ip.toLowerCase().split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':'))
  const [first, last] = [words(front), words(back)]
  const zeros = ip.includes('::') ? Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0') : []
  return [...first, ...zeros, ...last]
    .slice(0, 4)
    .map(word => word.replace(/^0+(?=.)/, ''))
    .join(':')
}

function networkOf(ip: string): string {
  // An IPv4 address may be written as `::ffff:203.0.113.7`.
  const ipv4 = /(?:^|:)(\d+\.\d+\.\d+)\.\d+$/.exec(ip)?.[1]
  return ipv4 ?? (ip.includes(':') ? ipv6Network(ip) : ip)
}

export const sharedKey: Rule = (key, facts) => {
  if (key.kind !== 'declared') return clean
  const seen = usageOf(key, facts)
  // Who is seen is seen, however young the key; so partial figures would do, but they are not worth a special way.
  if (!seen.seen) return { unseen: seen.why }
  const lists = seen.usage.map(({ addresses }) => addresses)
  if (lists.includes(null)) return { unseen: 'platform-does-not-say' }
  const addresses = [...new Set(lists.flatMap(list => (list ?? []).map(({ ip }) => ip)))].sort()
  const networks = new Set(addresses.map(networkOf))
  if (networks.size <= most) return clean
  return [
    {
      message: `It was used from ${addresses.length} addresses in ${plural(networks.size, 'network')} in ${plural(facts.windowDays, 'day')}`,
      evidence: evidence({
        windowDays: facts.windowDays,
        addresses: addresses.slice(0, 20),
        addressCount: addresses.length,
        networkCount: networks.size,
        limit: most,
      }),
      remedy: 'Give each of its users a key of its own: then one can be revoked without the others.',
    },
  ]
}
