id player >/dev/null 2>&1 || useradd --create-home --shell /bin/bash player
rm -rf /home/player/p; git clone -q /tmp/wt/real /home/player/p; chown -R player: /home/player; mkdir -p /ccache/u; chmod 777 /ccache; chown -R player: /ccache/u
exec setpriv --reuid=1000 --regid=1000 --init-groups env HOME=/home/player USER=player PATH=/usr/local/bin:/usr/bin:/bin bash -c '
cd /home/player/p; export CCACHE_DIR=/ccache/u XDG_CACHE_HOME=/home/player/.cache PATH=$PATH:/usr/sbin
cmake -G Ninja -S . -B build -DPG_WERROR=ON -DPG_TESTS=ON -DCMAKE_C_COMPILER_LAUNCHER=ccache >/dev/null 2>&1; nice ninja -C build | tail -1
export XDG_RUNTIME_DIR=/tmp/run-u; mkdir -p -m 700 $XDG_RUNTIME_DIR
ctest --test-dir build -L "integration|unit|fuzz" -LE timing -j 3 --output-on-failure > /ccache/u/i.log 2>&1
'
