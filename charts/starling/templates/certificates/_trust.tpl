{{/*
The issuer that signs leaves. With a private authority it is the one of the signing root.
*/}}
{{- define "starling.issuer" -}}
{{- if .Values.certificates.issuer.create -}}
name: "{{ include "starling.fullname" . }}-ca-{{ .Values.certificates.ca.signer }}"
kind: Issuer
group: cert-manager.io
{{- else -}}
name: {{ required "certificates.issuer.ref.name: with certificates.issuer.create=false, name the issuer that is to sign" .Values.certificates.issuer.ref.name | quote }}
kind: {{ .Values.certificates.issuer.ref.kind | quote }}
group: {{ .Values.certificates.issuer.ref.group | quote }}
{{- end -}}
{{- end -}}

{{/* "true" when certificates come from cert-manager; only a Secret or a volume of one's own needs no issuer. */}}
{{- define "starling.issuing" -}}
{{- $c := .Values.certificates -}}
{{- $ownVolumes := and $c.files.nodeVolume (or (not .Values.ui.enabled) $c.files.uiVolume) -}}
{{- if or (has $c.mode (list "request" "shared")) (and (eq $c.mode "files") (not $ownVolumes)) }}true{{ end -}}
{{- end -}}

{{/* "true" when the private authority is made. */}}
{{- define "starling.authority" -}}
{{- if and (include "starling.issuing" .) .Values.certificates.issuer.create }}true{{ end -}}
{{- end -}}

{{/*
The directory of trusted roots. Of the private authority only anchors' certificates (see authority.yaml) are mounted: whoever may run a pod on
a machine makes its kubelet able to read every Secret that the pod names, so the authority's own Secret is named by no pod.
*/}}
{{- define "starling.trustVolume" -}}
{{- $trust := .Values.certificates.trust -}}
- name: trust
  projected:
    sources:
      {{- if include "starling.authority" . }}
      {{- range .Values.certificates.ca.roots }}
      - secret:
          name: "{{ include "starling.fullname" $ }}-anchor-{{ . }}"
          items:
            - key: ca.crt
              path: root-{{ . }}.crt
      {{- end }}
      {{- end }}
      {{- with $trust.bundle }}
      - configMap:
          name: "{{ include "starling.fullname" $ }}-trust"
      {{- end }}
      {{- with $trust.configMap }}
      - configMap:
          name: {{ . | quote }}
      {{- end }}
      {{- if $trust.secret.name }}
      - secret:
          name: {{ $trust.secret.name | quote }}
          items:
            - key: {{ $trust.secret.key | quote }}
              path: given.crt
      {{- end }}
{{- end -}}

{{/*
The directory with tls.crt and tls.key. Takes a list: the root context, `node` or `ui`. In mode `request` the visualizer's still comes from a
Secret: its image has no Kubernetes client.
*/}}
{{- define "starling.certificateVolume" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $c := $root.Values.certificates -}}
- name: certificate
  {{- if eq $c.mode "files" }}
  {{- with index $c.files (printf "%sVolume" $part) }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  {{- $issuer := include "starling.issuer" $root | fromYaml }}
  csi:
    driver: csi.cert-manager.io
    readOnly: true
    volumeAttributes:
      csi.cert-manager.io/issuer-name: {{ $issuer.name | quote }}
      csi.cert-manager.io/issuer-kind: {{ $issuer.kind | quote }}
      csi.cert-manager.io/issuer-group: {{ $issuer.group | quote }}
      csi.cert-manager.io/uri-sans: "spiffe://{{ $root.Values.networkName }}/{{ eq $part "node" | ternary "leaf" "gateway" }}/${POD_NAMESPACE}.${POD_NAME}"
      csi.cert-manager.io/key-usages: digital signature,server auth,client auth
      csi.cert-manager.io/key-algorithm: ECDSA
      csi.cert-manager.io/key-size: "256"
      csi.cert-manager.io/key-encoding: PKCS8
      csi.cert-manager.io/duration: {{ $c.duration }}
      {{- with (default dict $root.Values.podSecurityContext).fsGroup }}
      csi.cert-manager.io/fs-group: {{ include "starling.text" . | quote }}
      {{- end }}
  {{- end }}
  {{- else if eq $c.mode "existingSecret" }}
  secret:
    secretName: {{ required (printf "certificates.existingSecret.%s: name the Secret with tls.crt and tls.key" $part) (index $c.existingSecret $part) | quote }}
    items:
      - {key: tls.crt, path: tls.crt}
      - {key: tls.key, path: tls.key}
  {{- else }}
  secret:
    secretName: "{{ include "starling.fullname" $root }}-{{ eq $part "node" | ternary "shared" "ui" }}-tls"
    items:
      - {key: tls.crt, path: tls.crt}
      - {key: tls.key, path: tls.key}
  {{- end }}
{{- end -}}
