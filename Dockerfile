# Two images, `node` and `ui`. amd64 only: the QUIC library ships no other binary, and it needs glibc.

FROM node:24-bookworm-slim AS packages
WORKDIR /app
# Packages before sources: they are installed again only when they change. The lock file speaks of every workspace, so all of them are named.
COPY package.json package-lock.json ./
COPY services/certificates/package.json services/certificates/
COPY services/cli/package.json services/cli/
COPY services/contract/package.json services/contract/
COPY services/gateway/package.json services/gateway/
COPY services/gossip/package.json services/gossip/
COPY services/http/package.json services/http/
COPY services/node/package.json services/node/
COPY services/program/package.json services/program/
COPY services/verification/package.json services/verification/
COPY test/package.json test/
COPY ui/package.json ui/

FROM packages AS build
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json tsconfig.json ./
COPY services services
COPY ui ui
RUN npx tsc -b services/node services/gateway && npm run build -w ui && \
    find services -name '*.d.ts' -delete -o -name '*.map' -delete -o -name '.tsbuildinfo' -delete

# What a program needs at run time, without type declarations, source maps and texts.
FROM packages AS node-packages
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev -w services/node && \
    find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \) -not -iname 'licen[cs]e*' -delete

FROM packages AS gateway-packages
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev -w services/gateway && \
    find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \) -not -iname 'licen[cs]e*' -delete

FROM node:24-bookworm-slim AS runtime
# Nothing is installed in a running container.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn*
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY services/contract/package.json services/contract/
COPY --from=build /app/services/contract/dist services/contract/dist
COPY services/http/package.json services/http/
COPY --from=build /app/services/http/dist services/http/dist
COPY services/program/package.json services/program/
COPY --from=build /app/services/program/dist services/program/dist
COPY services/gossip/package.json services/gossip/
COPY --from=build /app/services/gossip/dist services/gossip/dist
COPY services/certificates/package.json services/certificates/
COPY --from=build /app/services/certificates/dist services/certificates/dist

FROM runtime AS node
COPY --from=node-packages /app/node_modules node_modules
COPY services/node/package.json services/node/
COPY --from=build /app/services/node/dist services/node/dist
# A number, because `runAsNonRoot` cannot judge a name.
USER 1000:1000
EXPOSE 9740/udp 9741 9742
# A small young generation: about a quarter less memory at rest.
ENTRYPOINT ["node", "--max-semi-space-size=4", "services/node/dist/main.js"]

FROM runtime AS ui
COPY --from=gateway-packages /app/node_modules node_modules
COPY services/gateway/package.json services/gateway/
COPY --from=build /app/services/gateway/dist services/gateway/dist
COPY --from=build /app/ui/dist ui/dist
USER 1000:1000
EXPOSE 8080 9742
ENTRYPOINT ["node", "services/gateway/dist/main.js"]
