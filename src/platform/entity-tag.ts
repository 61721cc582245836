/**
 * A version as `If-Match` takes it: `"7"`. A platform may give a version that is an entity tag already. Source: RFC 9110, 8.8.3.
 * Null where it cannot be one.
 */
export function entityTag(version: string): string | null {
  if (/^(?:W\/)?"[!#-~]*"$/.test(version)) return version
  return version.includes('"') ? null : `"${version}"`
}
