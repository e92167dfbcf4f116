# syntax=docker/dockerfile:1

# Builds with compilers at hand: sqlite3 compiles itself where no prebuilt binary fits.
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
RUN mkdir data && chown node:node data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY Config ./Config
USER node
EXPOSE 58582
VOLUME /app/data
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 58582) + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
