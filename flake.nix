# nix build, nix run, nix develop: at the top of the tree, where nix looks for it.
# Checked by tests/integration/packages (version, a package for every pkg-config module that CMake asks for) and by
# tests/long/packagings (nix parses it). Nothing here has been evaluated or built, and there is no flake.lock before somebody runs
# nix.
{
  description = "Play on a VM that has a graphics card of its own: picture, sound and input in one program";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      pierglass = pkgs.stdenv.mkDerivation {
        pname = "pierglass";
        version = "0.1.0";
        src = self;

        nativeBuildInputs = with pkgs; [ cmake gettext ninja pkg-config python3 scdoc wayland-scanner ];
        buildInputs = with pkgs; [
          fontconfig
          freetype
          libevdev
          libGL # egl, glesv2, gl
          libjpeg-turbo
          libopus
          libpng
          libpulseaudio
          libsamplerate
          libvirt
          libxml2
          openssl # libcrypto, libssl
          SDL2
          systemd # libsystemd, libudev
          libxkbcommon # xkbcommon
          wayland # wayland-client, wayland-egl
          xorg.libX11 # x11, x11-xcb
          xorg.libxcb # xcb, xcb-present, xcb-shm, xcb-xfixes
        ];
        checkInputs = with pkgs; [ cmocka zstd ];

        # Debug information must not name the build folder.
        env.NIX_CFLAGS_COMPILE = "-ffile-prefix-map=/build=.";
        cmakeFlags = [ "-DCMAKE_BUILD_TYPE=Release" "-DPG_TESTS=ON" ];
        doCheck = true;
        postPatch = "patchShebangs --build tests tools";
        # The tests that need no display, sound server or machine of their own.
        checkPhase = ''
          runHook preCheck
          ctest -L unit --no-tests=error --output-on-failure
          runHook postCheck
        '';

        meta = {
          description = "Play on a VM that has a graphics card of its own: picture, sound and input in one program";
          license = pkgs.lib.licenses.gpl2Plus;
          mainProgram = "pierglass";
          platforms = [ system ];
        };
      };
    in
    {
      packages.${system} = { inherit pierglass; default = pierglass; };
      devShells.${system}.default = pkgs.mkShell {
        inputsFrom = [ pierglass ];
        packages = with pkgs; [ cmocka zstd ];
      };
    };
}
