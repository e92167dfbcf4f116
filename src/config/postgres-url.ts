/**
 * A Postgres URL that `URL` can parse: if a parameter gives the host (`postgres://u:p@/db?host=/run`), the URL itself has
 * none, which `URL` refuses beside a user name, so `localhost` takes its place.
 */
export function withHost(text: string): string {
  return text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?])/, '$1localhost');
}
