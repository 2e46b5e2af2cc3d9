// Apache with PHP in its processes (prefork), as Debian's packages have it, around the application's front controller.

const modules = '/usr/lib/apache2/modules';

export function apacheConfiguration({ folder, work, port, php, requestsPerProcess }) {
  const load = (name, file = `mod_${name}`) => `LoadModule ${name}_module ${modules}/${file}.so`;

  return `ServerName 127.0.0.1
ServerRoot ${work}
Listen 127.0.0.1:${port}
PidFile ${work}/apache.pid
DefaultRuntimeDir ${work}
ErrorLog ${work}/apache.log
${['mpm_prefork', 'authz_core', 'dir'].map((name) => load(name)).join('\n')}
${load('php', `libphp${php}`)}
StartServers 2
MinSpareServers 1
MaxSpareServers 2
MaxRequestWorkers 4
MaxConnectionsPerChild ${requestsPerProcess}
KeepAlive Off
DocumentRoot ${folder}/public
FallbackResource /index.php
<Directory ${folder}/public>
  Require all granted
</Directory>
<FilesMatch \\.php$>
  SetHandler application/x-httpd-php
</FilesMatch>
`;
}

/** Apache refuses to serve as root, and as another user it could not read a folder of root's: this one is let read. */
export function unprivileged() {
  const nobody = '65534';

  return process.getuid() === 0
    ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override']
    : [];
}
