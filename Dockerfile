# syntax=docker/dockerfile:1

# This image has compilers: sqlite3 is compiled if no prebuilt binary fits.
FROM node:24-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

# Runs with nothing but node, the production dependencies and the compiled service.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir data && chown node:node data && ln -s /app/dist/cli/main.js /usr/local/bin/bo-auth
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY Config ./Config
USER node
EXPOSE 58582
VOLUME /app/data
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "const { PORT = 58582, TLS_CERT_FILE } = process.env; require(TLS_CERT_FILE ? 'https' : 'http').get({ port: PORT, path: '/health/live', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# A refresh creates much garbage, and each collection copies what waits for a durable commit: fewer collections save a
# tenth of the cost of a rotation, for about 50 MiB. Workers inherit the option.
CMD ["node", "--max-semi-space-size=64", "dist/main.js"]
