import type { FastifyRequest } from 'fastify';
import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';

const MAPPED = '::ffff:';
/** `203.0.113.9:4711` and `[2001:db8::1]:443`, as some gateways write `X-Forwarded-For`; also `[2001:db8::1]`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;
const IPV6_GROUPS = 8;
/** A customer usually gets a /64, and can choose any address in it. */
const NETWORK_GROUPS = 4;

/**
 * An address in its one canonical form: IPv6 compressed in lower case (RFC 5952) and without a zone, an IPv4-mapped
 * address as IPv4; at most 39 characters.
 *
 * @param text an address, with or without a port
 * @returns `null` if it is not an address
 */
export function canonicalAddress(text: string): string | null {
  if (isIPv4(text)) return text;
  const ported = WITH_PORT.exec(text);
  const [address = ''] = (ported?.[1] ?? ported?.[2] ?? text).split('%', 1);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = canonical.slice(MAPPED.length);
  return canonical.startsWith(MAPPED) && isIPv4(mapped) ? mapped : canonical;
}

/**
 * The client's canonical address: the one that the trusted proxies report, or the peer's if that is not an address.
 * Empty if the peer has gone.
 */
export function clientAddress({ ip, socket }: FastifyRequest): string {
  return canonicalAddress(ip ?? '') ?? canonicalAddress(socket.remoteAddress ?? '') ?? '';
}

/** What one client can choose its addresses from: an IPv4 address, or an IPv6 /64. @param address canonical */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const [head = [], tail = []] = address.split('::').map((side) => side.split(':').filter(Boolean));
  const zeros = Array.from({ length: IPV6_GROUPS - head.length - tail.length }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

/** The network that a login comes from: an IPv4 /24, or an IPv6 /64. @param address canonical */
export function loginNetwork(address: string): string {
  return isIPv4(address) ? address.replace(/\d+$/, '0/24') : clientNetwork(address);
}

/**
 * Tells whether an address is one of these addresses or in one of these CIDR ranges, in whichever form it is written;
 * what is not an address is in none, nor is the address of a peer that has gone.
 */
export function addressMatcher(ranges: readonly string[]): (entry: string | undefined) => boolean {
  if (ranges.length === 0) return () => false;
  const listed = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) listed.addAddress(address, family);
    else listed.addSubnet(address, Number(prefix), family);
  }
  return (entry) => {
    const address = canonicalAddress(entry ?? '');
    return address !== null && listed.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  };
}
