;; Thermostat 1.0.0: what the device leaves the factory with.
;; Samples the sensor once a second and switches the valve half a degree around the set temperature.
;;
;; The firmware of a simulated device: the wasm driver (device/drivers/wasm/) boots this very image. What it promises:
;;   memory                          where its data lie
;;   version_address, version_length its version, as text in its own data: what a device reports as running
;;   self_test                       traps when the device does not come up
;;   valve                           the control loop, one step
(module
  ;; What the board says about itself: revision 1 is A, 2 is B; the lot its temperature sensor was made in.
  (import "hardware" "revision" (func $revision (result i32)))
  (import "hardware" "sensor_lot" (func $sensor_lot (result i32)))

  (memory (export "memory") 1 1)

  (global (export "version_address") i32 (i32.const 1024))
  (global (export "version_length") i32 (i32.const 5))
  (data (i32.const 1024) "1.0.0")

  ;; Texts of the display: language, NUL, texts in a fixed order, each closed by a NUL, one NUL more at the end.
  (global $texts i32 (i32.const 2048))
  (global $texts_length i32 (i32.const 1972))
  (data (i32.const 2048)
    "en\00"
    "Heating\00"
    "Holding\00"
    "Off\00"
    "Set temperature\00"
    "Room temperature\00"
    "Window open\00"
    "Frost protection\00"
    "Child lock\00"
    "Battery low\00"
    "Sensor fault\00"
    "Valve exercise\00"
    "Adapting to valve, please wait\00"
    "Press OK to mount\00"
    "Connected to the gateway\00"
    "Connection lost, keeping the schedule\00"
    "Updating, do not remove the batteries\00"
    "\00"
    "de\00"
    "Heizen\00"
    "Halten\00"
    "Aus\00"
    "Solltemperatur\00"
    "Raumtemperatur\00"
    "Fenster offen\00"
    "Frostschutz\00"
    "Kindersicherung\00"
    "Batterie schwach\00"
    "Sensor gestoert\00"
    "Ventilpflege\00"
    "Anpassung an das Ventil, bitte warten\00"
    "OK druecken zum Montieren\00"
    "Mit dem Gateway verbunden\00"
    "Verbindung verloren, Zeitplan laeuft weiter\00"
    "Aktualisierung, Batterien nicht entnehmen\00"
    "\00"
    "fr\00"
    "Chauffage\00"
    "Maintien\00"
    "Arret\00"
    "Temperature de consigne\00"
    "Temperature ambiante\00"
    "Fenetre ouverte\00"
    "Protection antigel\00"
    "Verrouillage enfant\00"
    "Batterie faible\00"
    "Defaut du capteur\00"
    "Entretien de la vanne\00"
    "Adaptation a la vanne, veuillez patienter\00"
    "Appuyez sur OK pour monter\00"
    "Connecte a la passerelle\00"
    "Connexion perdue, le programme continue\00"
    "Mise a jour, ne retirez pas les piles\00"
    "\00"
    "es\00"
    "Calentando\00"
    "Manteniendo\00"
    "Apagado\00"
    "Temperatura deseada\00"
    "Temperatura ambiente\00"
    "Ventana abierta\00"
    "Proteccion contra heladas\00"
    "Bloqueo infantil\00"
    "Bateria baja\00"
    "Fallo del sensor\00"
    "Ejercicio de la valvula\00"
    "Adaptando a la valvula, espere\00"
    "Pulse OK para montar\00"
    "Conectado a la pasarela\00"
    "Conexion perdida, el programa continua\00"
    "Actualizando, no retire las pilas\00"
    "\00"
    "it\00"
    "Riscaldamento\00"
    "Mantenimento\00"
    "Spento\00"
    "Temperatura impostata\00"
    "Temperatura ambiente\00"
    "Finestra aperta\00"
    "Protezione antigelo\00"
    "Blocco bambini\00"
    "Batteria scarica\00"
    "Guasto del sensore\00"
    "Esercizio della valvola\00"
    "Adattamento alla valvola, attendere\00"
    "Premere OK per montare\00"
    "Connesso al gateway\00"
    "Connessione persa, il programma continua\00"
    "Aggiornamento, non rimuovere le batterie\00"
    "\00"
    "nl\00"
    "Verwarmen\00"
    "Vasthouden\00"
    "Uit\00"
    "Ingestelde temperatuur\00"
    "Kamertemperatuur\00"
    "Raam open\00"
    "Vorstbeveiliging\00"
    "Kinderslot\00"
    "Batterij bijna leeg\00"
    "Sensorfout\00"
    "Klep oefenen\00"
    "Aanpassen aan de klep, even geduld\00"
    "Druk op OK om te monteren\00"
    "Verbonden met de gateway\00"
    "Verbinding verbroken, het schema loopt door\00"
    "Bijwerken, verwijder de batterijen niet\00"
    "\00")
  ;; FNV-1a of those bytes, 32 bits: a self-test that finds another value read a broken flash.
  (global $texts_checksum i32 (i32.const -1996843941))

  (func $checksum (param $from i32) (param $length i32) (result i32)
    (local $hash i32)
    (local $end i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $hash
          (i32.mul (i32.xor (local.get $hash) (i32.load8_u (local.get $from))) (i32.const 0x01000193)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (local.get $hash))

  ;; Milliseconds a sensor needs to settle after it is switched to a channel.
  (func $settle_ms (result i32)
    (if (result i32)
      (i32.and (i32.eq (call $revision) (i32.const 2)) (i32.eq (call $sensor_lot) (i32.const 7)))
      (then (i32.const 80))
      (else (i32.const 20))))

  ;; Milliseconds between two samples.
  (func $sample_ms (result i32)
    (i32.const 1000))

  (func (export "self_test")
    ;; A board this firmware was not built for.
    (if (i32.gt_u (i32.sub (call $revision) (i32.const 1)) (i32.const 1)) (then unreachable))
    ;; A flash that does not hold what was written.
    (if (i32.ne (call $checksum (global.get $texts) (global.get $texts_length)) (global.get $texts_checksum))
      (then unreachable))
    ;; A sensor that has not settled when the next sample is due.
    (if (i32.ge_u (call $settle_ms) (call $sample_ms)) (then unreachable)))

  ;; Temperatures in tenths of a degree; 1 opens the valve, 0 closes it, within half a degree it stays as it was.
  (func (export "valve") (param $room i32) (param $set i32) (param $was i32) (result i32)
    (if (i32.le_s (local.get $room) (i32.sub (local.get $set) (i32.const 5))) (then (return (i32.const 1))))
    (if (i32.ge_s (local.get $room) (i32.add (local.get $set) (i32.const 5))) (then (return (i32.const 0))))
    (local.get $was)))
