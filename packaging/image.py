#!/usr/bin/env python3
"""An OCI image layout with one layer: the binary, run by a user without rights. There is no shell in it.

usage: image.py BINARY LICENCES VERSION ARCHIVE
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

binary, licences, version, archive = sys.argv[1:]
built = int(os.environ["SOURCE_DATE_EPOCH"])
USER = 65532  # as in images without a distribution


def packed(files):
    """A tar of (name, bytes, mode), the same for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        folders = {name.rsplit("/", depth)[0] for name, _, _ in files for depth in range(1, name.count("/") + 1)}
        for name in sorted(folders):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, built
            tar.addfile(folder)
        for name, content, mode in files:
            file = tarfile.TarInfo(name)
            file.size, file.mode, file.mtime = len(content), mode, built
            tar.addfile(file, io.BytesIO(content))
    return out.getvalue()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def iso(seconds):
    import datetime
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


layer = packed([
    ("usr/bin/gitlab-render", read(binary), 0o755),
    ("usr/share/doc/gitlab-render/copyright", read(licences), 0o644),
    ("etc/passwd", f"nonroot:x:{USER}:{USER}::/:/nonexistent\n".encode(), 0o644),
    ("work/.keep", b"", 0o644),
])
compressed = gzip.compress(layer, 9, mtime=0)
blobs = {}


def blob(content, kind, **more):
    digest = hashlib.sha256(content).hexdigest()
    blobs[digest] = content
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content), **more}


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


labels = {
    "org.opencontainers.image.title": "gitlab-render",
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": "MIT",
    "org.opencontainers.image.description": "Turns a values file into the Kubernetes manifests of a GitLab deployment",
}
config = blob(as_json({
    "created": iso(built),
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "User": f"{USER}:{USER}", "Entrypoint": ["/usr/bin/gitlab-render"], "Cmd": ["--help"], "WorkingDir": "/work", "Labels": labels,
        "Env": ["PATH=/usr/bin"],
    },
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    "history": [{"created": iso(built), "created_by": "packaging/image.py"}],
}), "application/vnd.oci.image.config.v1+json")
manifest = blob(as_json({
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": config,
    "layers": [blob(compressed, "application/vnd.oci.image.layer.v1.tar+gzip")],
    "annotations": labels,
}), "application/vnd.oci.image.manifest.v1+json", annotations={"org.opencontainers.image.ref.name": version},
    platform={"architecture": "amd64", "os": "linux"})
index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]}
files = [("oci-layout", as_json({"imageLayoutVersion": "1.0.0"}), 0o644), ("index.json", as_json(index), 0o644)]
files += [(f"blobs/sha256/{digest}", content, 0o644) for digest, content in sorted(blobs.items())]
with open(archive, "wb") as out:
    out.write(packed(files))
