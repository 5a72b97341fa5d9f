# Countersign as a service. Build: docker build -t countersign .    docs/eks.md runs it on EKS.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY build.js ./
COPY src ./src
COPY tools ./tools
RUN npm run build

# What runs holds the bundle and what it reads: no compiler, no node_modules, no shell scripts of ours.
FROM node:24-bookworm-slim
ENV NODE_ENV=production COUNTERSIGN_STATE=/state COUNTERSIGN_CONFIG=/etc/countersign/countersign.yaml
WORKDIR /app
COPY package.json LICENSE ./
COPY policies ./policies
COPY docs ./docs
COPY --from=build /build/dist ./dist
# The state is a volume that belongs to this user; the root file system needs no writing.
RUN mkdir /state && chown 65532:65532 /state && chmod 700 /state
USER 65532:65532
VOLUME ["/state"]
EXPOSE 8700
ENTRYPOINT ["node", "/app/dist/countersign.cjs"]
CMD ["serve", "--http", "0.0.0.0:8700"]
