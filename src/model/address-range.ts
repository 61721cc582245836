/** A range of addresses as it is written: `203.0.113.0/24`, `2001:db8::/32`, or one address. */
export type AddressRange = string

/** Version 4 addresses are those of version 6 that stand for them. */
interface Bits {
  /** 128 bits, those beyond the prefix zero. */
  readonly first: bigint
  /** How many bits count. */
  readonly prefix: number
}

const bits = 128
const mapped = 0xffffn << 32n

function parseVersion4(text: string): bigint | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return null
  const parts = match.slice(1)
  // A leading zero means octal to some programs.
  if (parts.some(part => Number(part) > 255 || /^0\d/.test(part))) return null
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
}

function parseWords(text: string): readonly bigint[] | null {
  if (text === '') return []
  const words = text.split(':')
  return words.every(word => /^[0-9a-f]{1,4}$/i.test(word)) ? words.map(word => BigInt(`0x${word}`)) : null
}

function parseVersion6(text: string): bigint | null {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (tail !== null) {
    const low = parseVersion4(tail[2] ?? '')
    return low === null
      ? null
      : parseVersion6(`${tail[1] ?? ''}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [front = '', back, ...more] = text.split('::')
  if (more.length > 0) return null
  const [first, last] = [parseWords(front), parseWords(back ?? '')]
  if (first === null || last === null) return null
  const missing = 8 - first.length - last.length
  if (back === undefined ? missing !== 0 : missing < 1) return null
  return [...first, ...Array<bigint>(missing).fill(0n), ...last].reduce(
    (sum, word) => (sum << 16n) | word,
    0n,
  )
}

/** An address as a number of 128 bits; null where it is none. */
function parseAddress(text: string): bigint | null {
  const version4 = parseVersion4(text)
  return version4 === null ? parseVersion6(text) : mapped | version4
}

function masked(address: bigint, prefix: number): bigint {
  const rest = BigInt(bits - prefix)
  return (address >> rest) << rest
}

function parseRange(text: string): Bits | null {
  const [ip = '', length, ...more] = text.split('/')
  const first = parseAddress(ip)
  if (first === null || more.length > 0) return null
  const all = ip.includes(':') ? bits : 32
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > all)) return null
  const prefix = bits - all + (length === undefined ? all : Number(length))
  return masked(first, prefix) === first ? { first, prefix } : null
}

/** False also for a range whose address has bits beyond its length: `203.0.113.7/24`. */
export function isRange(text: string): boolean {
  return parseRange(text) !== null
}

/** False for what is not an address. */
export function contains(range: AddressRange, ip: string): boolean {
  const bits = parseRange(range)
  const address = parseAddress(ip)
  return bits !== null && address !== null && masked(address, bits.prefix) === bits.first
}
